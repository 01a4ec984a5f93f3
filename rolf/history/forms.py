"""What the history is searched by."""

from django import forms
from django.apps import apps
from django.db.models import Q

from deployments.models import Deployment


def kinds():
    """Return what the history keeps, as people call it: whatever can be `described`."""
    names = {str(model._meta.verbose_name) for model in apps.get_models()
             if hasattr(model, "described")}
    return sorted(names)


class Search(forms.Form):
    """All of them narrow it down."""

    kind = forms.ChoiceField(required=False)
    by = forms.CharField(required=False, max_length=150, label="Person")
    deployment = forms.CharField(required=False, max_length=80)

    def __init__(self, *args, **kwargs):
        """Kinds come from the models."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "everything"), *((kind, kind) for kind in kinds())]

    def among(self, changes):
        """Return those that are asked for; none if what is asked for is no kind at all."""
        if not self.is_valid():
            return changes.none()
        kind, by, words = (self.cleaned_data[name] for name in ["kind", "by", "deployment"])
        if kind:
            changes = changes.filter(kind=kind)
        if by:
            changes = changes.filter(by_name=by)
        # "shop production" as a deployment is called: each word is in one of its two names.
        for word in words.split():
            changes = changes.filter(deployment__in=_named(word))
        return changes


def _named(word):
    return Deployment.objects.filter(
        Q(name__icontains=word) | Q(application__name__icontains=word))
