"""The search in the history, and forms that notice a change made meanwhile."""

import json

from django import forms
from django.apps import apps
from django.db.models import Q
from django.utils.crypto import salted_hmac


def kinds():
    """Return what the history keeps, as people call it: whatever can be `history_fields`."""
    names = {str(model._meta.verbose_name) for model in apps.get_models()
             if hasattr(model, "history_fields")}
    return sorted(names)


class ChangeSearchForm(forms.Form):
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
            changes = changes.filter(
                Q(deployment__name__icontains=word)
                | Q(deployment__application__name__icontains=word))
        return changes


class OptimisticLockForm(forms.ModelForm):
    """`seen` is what the row was when the form was shown; its instance needs `history_fields()`."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        """Take the row as it is in the database now for what is seen."""
        super().__init__(*args, **kwargs)
        self.stored = None
        if self.instance.pk:
            self.stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
            self.fields["seen"].initial = _digest(self.stored)
        else:
            del self.fields["seen"]

    def clean(self):
        """Refuse to undo what somebody else has done; a second try knows of it."""
        cleaned = super().clean()
        if self.stored and cleaned.get("seen") not in ("", None, _digest(self.stored)):
            now = "; ".join(f"{field} is {value}" for field, value in self.stored_fields())
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = _digest(self.stored)
            raise forms.ValidationError(
                f"Somebody else has changed it meanwhile. Now {now}. Save once more to replace "
                "that with what is below.")
        return cleaned

    def _get_validation_exclusions(self):
        """Check constraints, too, that name what isn't in the form but is known."""
        return super()._get_validation_exclusions() - {"deployment", "deleted"}

    def stored_fields(self):
        """Return (field, value) of what is stored, where it differs from what was sent."""
        described = self.stored.history_fields()
        if described.get("secret"):
            return [("the secret", "another one")]
        sent = {name: str(self.data.get(self.add_prefix(name), "")) for name in self.fields}
        told = [(name.replace("_", " "), f'"{value}"') for name, value in described.items()
                if name in sent and sent[name] != str(value)]
        return told or [("it", "as below")]


def _digest(row):
    text = json.dumps(row.history_fields(), sort_keys=True, default=str)
    return salted_hmac("history.forms.OptimisticLockForm", text).hexdigest()
