"""The search in the history, and model forms that detect concurrent changes."""

import json

from django import forms
from django.apps import apps
from django.db.models import Q
from django.utils.crypto import salted_hmac


def kinds():
    """Return the names of all models that have a history: those with `history_fields()`."""
    names = {
        str(model._meta.verbose_name)
        for model in apps.get_models()
        if hasattr(model, "history_fields")
    }
    return sorted(names)


class ChangeSearchForm(forms.Form):
    """A filter of changes; all its fields must match."""

    kind = forms.ChoiceField(required=False)
    by = forms.CharField(required=False, max_length=150, label="User")
    deployment = forms.CharField(required=False, max_length=80)

    def __init__(self, *args, **kwargs):
        """Offer the kinds of all models."""
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "everything"), *((kind, kind) for kind in kinds())]

    def among(self, changes):
        """Return the matching ones of a queryset of changes; none if the form is invalid."""
        if not self.is_valid():
            return changes.none()
        kind, by, words = (self.cleaned_data[name] for name in ["kind", "by", "deployment"])
        if kind:
            changes = changes.filter(kind=kind)
        if by:
            changes = changes.filter(by_name=by)
        # "shop production" is an application and a deployment: each word is in one of the names.
        for word in words.split():
            changes = changes.filter(
                Q(deployment__name__icontains=word)
                | Q(deployment__application__name__icontains=word)
            )
        return changes


class OptimisticLockForm(forms.ModelForm):
    """A form that refuses to overwrite a change which was saved after the form was shown.

    The hidden field ``seen`` is a hash of the row as it was shown. The model needs
    `history_fields()`.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        """Read the stored row: ``stored``, None of a new one."""
        super().__init__(*args, **kwargs)
        self.stored = None
        if self.instance.pk:
            self.stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
            self.fields["seen"].initial = _digest(self.stored)
        else:
            del self.fields["seen"]

    def clean(self):
        """Refuse the first attempt to overwrite another change; the second one may."""
        cleaned = super().clean()
        if self.stored and cleaned.get("seen") not in ("", None, _digest(self.stored)):
            now = "; ".join(f"{field} is {value}" for field, value in self.stored_fields())
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = _digest(self.stored)
            raise forms.ValidationError(
                f"Another user has changed this since you opened the page. Now {now}. "
                "Save again to overwrite that."
            )
        return cleaned

    def full_clean(self):
        """Check all constraints: Django skips those with a field that is not in the form."""
        super().full_clean()
        if self.is_bound and not self.errors:
            try:
                self.instance.validate_constraints()
            except forms.ValidationError as error:
                self.add_error(None, error)

    def stored_fields(self):
        """Return (field, value) for each stored value that differs from the one sent."""
        fields = self.stored.history_fields()
        if fields.get("secret"):
            return [("the secret", "another one")]
        sent = {name: str(self.data.get(self.add_prefix(name), "")) for name in self.fields}
        differing = [
            (name.replace("_", " "), f'"{value}"')
            for name, value in fields.items()
            if name in sent and sent[name] != str(value)
        ]
        return differing or [("it", "the same as below")]


def _digest(row):
    text = json.dumps(row.history_fields(), sort_keys=True, default=str)
    return salted_hmac("history.forms.OptimisticLockForm", text, algorithm="sha256").hexdigest()
