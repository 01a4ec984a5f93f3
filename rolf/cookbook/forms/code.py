"""Code in a form: a text that works as it is, and becomes an editor where a script can make it."""

from bootstrapper.deploy.definition.problems import DefinitionError
from django import forms

from ..shelf import parsed


class CodeField(forms.CharField):
    """Every space of it stays; lines end with a newline alone, and the last one does, too."""

    def __init__(self, **kwargs):
        """Show it as code."""
        super().__init__(strip=False, widget=forms.Textarea(attrs={
            "rows": 18, "class": "code", "spellcheck": "false", "autocapitalize": "off",
            "data-editor": ""}), **kwargs)

    def to_python(self, value):
        """Return it as files have it; browsers send every newline as two characters."""
        text = super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")
        return f"{text}\n" if text and not text.endswith("\n") else text


def check(form, row):
    """Tell at the form's code what the engine has against it in a Recipe or a Stage."""
    try:
        parsed(row)
    except DefinitionError as error:
        form.add_error("code", [
            f"Line {fault.line}: {fault.text}." if fault.line else f"It {fault.text}."
            for fault in error.faults])
