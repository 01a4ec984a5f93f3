"""A flag: what one push may be told."""

from ..models import Flag
from .seen import SeenForm


class FlagForm(SeenForm):
    """A checkbox is 1 or empty."""

    class Meta:
        model = Flag
        fields = ["name", "description", "kind", "default"]
        labels = {"kind": "Asked for as"}
        help_texts = {
            "name": "Stages get it by that name.",
            "default": "Of a checkbox: 1 if it is ticked unless somebody unticks it.",
        }

    def __init__(self, *args, **kwargs):
        """Names are no prose."""
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs.update({"class": "mono", "spellcheck": "false"})

    def clean(self):
        """Whatever says no in a checkbox's default is empty."""
        cleaned = super().clean()
        if cleaned.get("kind") == Flag.Kind.SWITCH:
            off = cleaned.get("default", "").strip().lower() in ("", "0", "no", "false", "off")
            cleaned["default"] = "" if off else "1"
        return cleaned
