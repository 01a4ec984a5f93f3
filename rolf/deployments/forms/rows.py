"""Forms of a deployment's rows: settings, flags, permissions, stages."""

from bootstrapper.deploy.definition.secret import warning
from django import forms

from cookbook.catalog import RecipeCatalog
from cookbook.forms import CodeField, check_code
from cookbook.models import Language
from history.forms import OptimisticLockForm

from ..models import Flag, Grant, Setting, Stage
from ..prepare import KEPT_HERE
from .deployment import DurationField

OWN_CODE = "its own code, below"


class SettingForm(OptimisticLockForm):
    """A setting. Its value keeps all spaces and newlines; a secret's value is never shown."""

    text = forms.CharField(
        label="Value",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "code", "spellcheck": "false"}),
    )

    field_order = ["name", "text", "secret"]

    class Meta:
        model = Setting
        fields = ["name", "secret"]
        help_texts = {
            "name": "Stages read the value under this name, such as REMOTE_HOST or SENTRY_DSN.",
            "secret": "Encrypted, masked in all output, and never shown again.",
        }

    def __init__(self, *args, **kwargs):
        """Show the value, unless it is secret."""
        super().__init__(*args, **kwargs)
        self.was_secret = bool(self.stored and self.stored.secret)
        if self.was_secret:
            self.fields["text"].help_text = "Leave this empty to keep the current secret."
        else:
            self.initial["text"] = self.instance.text
        self.fields["name"].widget.attrs.update(
            {"class": "mono", "autocapitalize": "characters", "spellcheck": "false"}
        )

    def clean_text(self):
        """Return the value with Unix newlines; browsers send CR LF."""
        return self.cleaned_data["text"].replace("\r\n", "\n")

    def clean(self):
        """Refuse plain settings of tied deployments, and to reveal a secret."""
        cleaned = super().clean()
        secret, text = bool(cleaned.get("secret")), cleaned.get("text", "")
        if self.instance.deployment.tied and not secret and cleaned.get("name") not in KEPT_HERE:
            self.add_error(
                "name",
                "This deployment is tied: its repository defines all plain "
                f"settings except {' and '.join(KEPT_HERE)}.",
            )
        if self.was_secret and not secret and not text:
            self.add_error(
                "text",
                "Enter the value again to turn a secret into a plain setting: "
                "Rolf never shows a secret.",
            )
        # The model encrypts the value of a secret, so it must know first that it is one.
        self.instance.secret = secret
        self.instance.value = self.stored.value if self.was_secret and secret and not text else text
        return cleaned

    @property
    def warning(self):
        """The warning about a saved secret, such as one too short to be masked; "" if none."""
        if not self.instance.secret:
            return ""
        text = warning(self.instance.name, self.instance.value)
        return f"{text[:1].upper()}{text[1:]}." if text else ""


class FlagForm(OptimisticLockForm):
    """A flag. The default of a checkbox is 1 or empty."""

    class Meta:
        model = Flag
        fields = ["name", "description", "kind", "default"]
        labels = {"kind": "Shown as"}
        help_texts = {
            "name": "Stages read the flag under this name.",
            "default": "For a checkbox: 1 if it is ticked by default.",
        }

    def __init__(self, *args, **kwargs):
        """Show the name in a monospaced font."""
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs.update({"class": "mono", "spellcheck": "false"})

    def clean(self):
        """Take 0, no, false and off as an empty default of a checkbox."""
        cleaned = super().clean()
        if cleaned.get("kind") == Flag.Kind.SWITCH:
            off = cleaned.get("default", "").strip().lower() in ("", "0", "no", "false", "off")
            cleaned["default"] = "" if off else "1"
        return cleaned


class GrantForm(OptimisticLockForm):
    """The permission of a group; each level includes the lower ones."""

    class Meta:
        model = Grant
        fields = ["group", "level"]
        labels = {"level": "Permission"}
        help_texts = {
            "level": "Edit includes push, push includes view. A group without a "
            "permission can't see the deployment."
        }


class StageForm(OptimisticLockForm):
    """A stage: either a recipe, or a name with code of its own."""

    recipe = forms.ChoiceField(required=False, label="Recipe")
    code = CodeField(required=False, label="Code")
    timeout = DurationField(required=False, help_text="Leave this empty to use the deployment's.")
    idle_timeout = DurationField(
        required=False,
        label="Idle timeout",
        help_text="Stop the stage if it prints nothing for this long. Leave this empty to use the "
        "deployment's.",
    )

    class Meta:
        model = Stage
        fields = ["recipe", "name", "language", "code", "timeout", "idle_timeout", "enabled"]
        help_texts = {
            "name": "Leave this empty to use the recipe's name.",
            "enabled": "Pushes skip a stage that is not enabled.",
        }

    def __init__(self, *args, **kwargs):
        """Offer all recipes of the cookbook, and the stage's own if the cookbook has it no more."""
        super().__init__(*args, **kwargs)
        names = RecipeCatalog().names
        if self.instance.recipe and self.instance.recipe not in names:
            names = [self.instance.recipe, *names]
        self.fields["recipe"].choices = [("", OWN_CODE), *((name, name) for name in names)]
        self.fields["name"].required = False
        self.fields["language"].required = False

    def clean(self):
        """Keep the recipe or the code, not both."""
        cleaned = super().clean()
        cleaned["language"] = cleaned.get("language") or Language.SHELL
        if cleaned.get("recipe"):
            cleaned["name"] = cleaned.get("name") or cleaned["recipe"]
            cleaned["code"] = ""
        elif not cleaned.get("name"):
            self.add_error("name", "Enter a name: a stage with its own code needs one.")
        elif not (cleaned.get("code") or "").strip():
            self.add_error("code", "Enter code, or choose a recipe above.")
        else:
            check_code(
                self,
                Stage(name=cleaned["name"], language=cleaned["language"], code=cleaned["code"]),
            )
        return cleaned
