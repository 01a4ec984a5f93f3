"""A field for several rows, chosen by their keys."""

from django import forms

from history.paging import to_int


class ChosenField(forms.ModelMultipleChoiceField):
    """Refuse keys that are too large for a database, which Django's field would query."""

    def clean(self, value):
        """Return the rows. Raises ValidationError."""
        for key in value if isinstance(value, list | tuple) else ():
            if to_int(str(key)) is None:
                raise forms.ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": str(key)[:20]},
                )
        return super().clean(value)
