"""Forms of recipes and of code."""

from bootstrapper.deploy.definition.problems import DefinitionError
from django import forms

from history.forms import OptimisticLockForm

from .catalog import parse_code, sentence
from .models import Recipe


class CodeField(forms.CharField):
    """Code in an editor. All spaces are kept; lines, including the last one, end with a newline."""

    def __init__(self, **kwargs):
        """Show the editor."""
        super().__init__(
            strip=False,
            widget=forms.Textarea(
                attrs={
                    "rows": 18,
                    "class": "code",
                    "spellcheck": "false",
                    "autocapitalize": "off",
                    "data-editor": "",
                }
            ),
            **kwargs,
        )

    def to_python(self, value):
        """Return the code with Unix newlines; browsers send CR LF."""
        text = super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")
        return f"{text}\n" if text and not text.endswith("\n") else text


def check_code(form, row):
    """Add to the form's field ``code`` what is wrong with the code of a Recipe or a Stage."""
    try:
        parse_code(row)
    except DefinitionError as error:
        form.add_error(
            "code",
            [
                sentence(
                    f"Line {problem.line}: {problem.text}" if problem.line else f"It {problem.text}"
                )
                for problem in error.problems
            ],
        )


class RecipeForm(OptimisticLockForm):
    """A recipe; the comment in its code describes it."""

    code = CodeField(
        help_text="The comment at the beginning describes the recipe; its line "
        "“# needs: NAME NAME” lists the settings that the recipe uses."
    )

    class Meta:
        model = Recipe
        fields = ["name", "language", "code", "description"]
        help_texts = {"description": "Notes that are not in the comment."}

    def __init__(self, *args, renames=True, **kwargs):
        """Without ``renames`` the name stays: stages use it."""
        super().__init__(*args, **kwargs)
        self.fields["description"].widget.attrs["rows"] = 2
        self.fields["name"].disabled = not renames

    def clean_description(self):
        """Return the description with Unix newlines; browsers send CR LF."""
        return self.cleaned_data["description"].replace("\r\n", "\n")

    def clean(self):
        """Refuse code that the engine can't run."""
        cleaned = super().clean()
        if cleaned.get("code") and cleaned.get("name"):
            check_code(
                self,
                Recipe(
                    name=cleaned["name"],
                    language=cleaned.get("language") or "shell",
                    code=cleaned["code"],
                ),
            )
        return cleaned
