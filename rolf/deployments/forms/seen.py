"""Forms that notice when somebody else has saved the same meanwhile."""

import json

from django import forms

from ..sealing import fingerprint


class SeenForm(forms.ModelForm):
    """`seen` is what the row was when the form was shown; its instance needs `described()`."""

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
        described = self.stored.described()
        if described.get("secret"):
            return [("the secret", "another one")]
        sent = {name: str(self.data.get(self.add_prefix(name), "")) for name in self.fields}
        told = [(name.replace("_", " "), f'"{value}"') for name, value in described.items()
                if name in sent and sent[name] != str(value)]
        return told or [("it", "as below")]


def _digest(row):
    return fingerprint(json.dumps(row.described(), sort_keys=True, default=str))
