"""The form of a new token."""

from datetime import timedelta

from django import forms

from database import clock
from deployments.forms.chosen import ChosenField
from deployments.models import Deployment

from .models import Token


class NewToken(forms.ModelForm):
    """Name, level, deployments and expiry of a new token."""

    reach = forms.ChoiceField(
        label="Deployments",
        widget=forms.RadioSelect,
        initial="chosen",
        choices=[
            ("chosen", "only chosen deployments"),
            ("all", "all deployments that I can see, now and later"),
        ],
    )
    chosen = ChosenField(
        Deployment.objects.none(),
        required=False,
        label="Chosen deployments",
        widget=forms.CheckboxSelectMultiple,
    )
    lasts = forms.TypedChoiceField(
        label="Expires",
        coerce=int,
        initial=90,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")],
    )

    class Meta:
        model = Token
        fields = ["name", "level", "reach", "chosen", "lasts"]
        labels = {"name": "Name", "level": "Permission"}
        help_texts = {"name": "For example, the machine that uses the token."}

    def __init__(self, *args, access, **kwargs):
        """Offer only deployments that the user can see."""
        super().__init__(*args, **kwargs)
        self.instance.user = access.user
        self.fields["chosen"].queryset = access.deployments().select_related("application")

    def clean(self):
        """Refuse a token without deployments."""
        cleaned = super().clean()
        if cleaned.get("reach") == "chosen" and not cleaned.get("chosen"):
            self.add_error("chosen", "Choose at least one deployment.")
        return cleaned

    def save(self, commit=True):
        """Create the token, and return its text."""
        token = self.instance
        token.all_deployments = self.cleaned_data["reach"] == "all"
        if days := self.cleaned_data["lasts"]:
            token.expires = clock.now() + timedelta(days=days)
        text = token.generate()
        token.save()
        token.chosen.set([] if token.all_deployments else self.cleaned_data["chosen"])
        return text
