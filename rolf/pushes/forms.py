"""The form of a push."""

import json

from django import forms

from deployments.models import Flag
from encryption.fernet import fingerprint

from .services import COMMENT

SWITCH, TEXT = Flag.Kind.SWITCH, Flag.Kind.TEXT


class PushForm(forms.Form):
    """Comment, ref, flags and stages of one push.

    The form also carries what the page showed: `shown_commit` is the commit that `shown_ref` was
    at, and `seen` is a fingerprint of the flags and stages. A deployment that is defined in its
    repository has no `seen`, because the commit determines its flags and stages.
    """

    comment = forms.CharField(
        required=False,
        max_length=COMMENT,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Comment",
        help_text="Say what this push is for. Other users see it.",
    )
    ref = forms.CharField(required=False, max_length=200, label="Branch, tag or commit")
    skip = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Skip stages"
    )
    step = forms.BooleanField(
        required=False,
        label="Step by step",
        help_text="Rolf asks before each stage whether to run it, skip it, or stop.",
    )
    shown_ref = forms.CharField(required=False, max_length=200)
    shown_commit = forms.CharField(required=False, max_length=64)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, deployment, definition, **kwargs):
        """Take flags and stages from `definition`, a deployments.push_options.Definition."""
        super().__init__(*args, **kwargs)
        self._branch = deployment.branch
        self._seen = _digest(definition)
        if deployment.tied:
            del self.fields["seen"]
        else:
            self.fields["seen"].initial = self._seen
        self.fields["ref"].initial = deployment.branch
        self.fields["ref"].widget.attrs.update(
            {"list": "refs", "autocomplete": "off", "class": "mono", "spellcheck": "false"}
        )
        self.fields["skip"].choices = [(name, name) for name in definition.stages]
        self._flags = {}  # by the name of the field: the name of the flag
        for flag in definition.flags:
            self._add(flag)

    @property
    def flags(self):
        """The bound fields of the flags."""
        return [self[key] for key in self._flags]

    @property
    def options(self):
        """The keyword arguments for services.queue_push()."""
        data = self.cleaned_data
        flags = {
            name: ("1" if data[key] else "") if isinstance(data[key], bool) else data[key]
            for key, name in self._flags.items()
        }
        shown = data["shown_ref"] == (data["ref"] or self._branch)
        return {
            "comment": data["comment"].replace("\r\n", "\n").strip(),
            "ref": data["ref"],
            "commit": data["shown_commit"] if shown else "",
            "flags": flags,
            "skip": data["skip"],
            "step": data["step"],
        }

    def clean(self):
        """Refuse the form once if flags or stages have changed since the page was shown."""
        cleaned = super().clean()
        if "seen" in self.fields and cleaned.get("seen") not in ("", None, self._seen):
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = self._seen
            raise forms.ValidationError(
                "The stages or flags of this deployment have changed since you opened this page. "
                "Nothing was pushed. Check them below, then push again."
            )
        return cleaned

    def _add(self, flag):
        key = f"flag-{flag.name}"
        self._flags[key] = flag.name
        more = {"label": flag.name, "help_text": flag.description, "required": False}
        self.fields[key] = (
            forms.BooleanField(initial=bool(flag.default), **more)
            if flag.kind == SWITCH
            else forms.CharField(initial=flag.default, max_length=1000, **more)
        )


def _digest(definition):
    flags = [[flag.name, flag.history_fields()] for flag in definition.flags]
    return fingerprint(json.dumps([flags, definition.stages]))
