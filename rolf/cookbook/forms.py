"""Forms of recipes and of code."""

from bootstrapper.deploy.definition.problems import DefinitionError
from django import forms

from history.forms import OptimisticLockForm

from .catalog import parse_code
from .models import Recipe


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


def check_code(form, row):
    """Tell at the form's code what the engine has against it in a Recipe or a Stage."""
    try:
        parse_code(row)
    except DefinitionError as error:
        form.add_error("code", [
            f"Line {fault.line}: {fault.text}." if fault.line else f"It {fault.text}."
            for fault in error.problems])


class RecipeForm(OptimisticLockForm):
    """Its comment says what it does, and what it needs."""

    code = CodeField(
        help_text="The comment at its beginning says what it does; a line "
                  "“# needs: NAME NAME” which settings it needs.")

    class Meta:
        model = Recipe
        fields = ["name", "language", "code", "description"]
        help_texts = {"description": "What the comment doesn't say."}

    def __init__(self, *args, renames=True, **kwargs):
        """Without `renames` the name stays: stages call it by that."""
        super().__init__(*args, **kwargs)
        self.fields["description"].widget.attrs["rows"] = 2
        self.fields["name"].disabled = not renames

    def clean_description(self):
        """Browsers send every newline as two characters."""
        return self.cleaned_data["description"].replace("\r\n", "\n")

    def clean(self):
        """Refuse what the engine couldn't run."""
        cleaned = super().clean()
        if cleaned.get("code") and cleaned.get("name"):
            check_code(self, Recipe(
                name=cleaned["name"], language=cleaned.get("language") or "shell",
                code=cleaned["code"]))
        return cleaned
