"""A stage: a recipe by its name, or code of the deployment's own."""

from django import forms

from deployments.forms.general import DurationField
from deployments.forms.seen import SeenForm
from deployments.models import Stage

from ..shelf import Shelf
from .code import CodeField, check

WRITTEN_HERE = "code that is written here"


class StageForm(SeenForm):
    """Where a recipe is chosen, code and language aren't asked."""

    recipe = forms.ChoiceField(required=False, label="What it runs")
    code = CodeField(required=False, label="Code")
    timeout = DurationField(required=False, help_text="Empty: as the deployment's.")
    idle_timeout = DurationField(required=False, label="Timeout of silence",
                                 help_text="Empty: as the deployment's.")

    class Meta:
        model = Stage
        fields = ["recipe", "name", "language", "code", "timeout", "idle_timeout", "enabled"]
        help_texts = {"name": "Empty: the recipe's name.",
                      "enabled": "Otherwise pushes leave it out."}

    def __init__(self, *args, **kwargs):
        """Offer what is on the shelf."""
        super().__init__(*args, **kwargs)
        names = Shelf().names
        if self.instance.recipe and self.instance.recipe not in names:
            names = [self.instance.recipe, *names]  # it is gone, and stays until another is chosen
        self.fields["recipe"].choices = [("", WRITTEN_HERE), *((name, name) for name in names)]
        self.fields["name"].required = False
        self.fields["language"].required = False

    def clean(self):
        """Take the recipe, or the code."""
        cleaned = super().clean()
        cleaned["language"] = cleaned.get("language") or Stage.Language.SHELL
        if cleaned.get("recipe"):
            cleaned["name"] = cleaned.get("name") or cleaned["recipe"]
            cleaned["code"] = ""
        elif not cleaned.get("name"):
            self.add_error("name", "A stage with code of its own needs a name.")
        elif not (cleaned.get("code") or "").strip():
            self.add_error("code", "Write what it runs, or choose a recipe above.")
        else:
            check(self, Stage(
                name=cleaned["name"], language=cleaned["language"], code=cleaned["code"]))
        return cleaned
