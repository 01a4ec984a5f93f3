"""A recipe of the shop's own."""

from deployments.forms.seen import SeenForm

from ..models import Recipe
from .code import CodeField, check


class RecipeForm(SeenForm):
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
            check(self, Recipe(
                name=cleaned["name"], language=cleaned.get("language") or "shell",
                code=cleaned["code"]))
        return cleaned
