"""What a push may be told."""

import json

from django import forms

from deployments.encryption import fingerprint
from deployments.models import Flag

from .services import COMMENT

SWITCH, TEXT = Flag.Kind.SWITCH, Flag.Kind.TEXT


class PushForm(forms.Form):
    """Comment, ref, flags and stages of one push; `definition` says what there is of these.

    It carries what the page showed: `shown_commit` is where `shown_ref` was, and `seen` tells
    flags and stages from changed ones. Of a tied deployment the commit says these, too.
    """

    comment = forms.CharField(
        required=False, max_length=COMMENT, widget=forms.Textarea(attrs={"rows": 2}),
        label="Comment", help_text="What this push is for; the others read it.")
    ref = forms.CharField(required=False, max_length=200, label="Branch, tag or commit")
    skip = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Skip stages")
    step = forms.BooleanField(
        required=False, label="Step by step", help_text="Ask before each stage: run, skip or stop.")
    shown_ref = forms.CharField(required=False, max_length=200)
    shown_commit = forms.CharField(required=False, max_length=64)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, deployment, definition, **kwargs):
        """`definition` is a Definition: its flags and its stages."""
        super().__init__(*args, **kwargs)
        self._branch = deployment.branch
        self._seen = _digest(definition)
        if deployment.tied:
            del self.fields["seen"]
        else:
            self.fields["seen"].initial = self._seen
        self.fields["ref"].initial = deployment.branch
        self.fields["ref"].widget.attrs.update(
            {"list": "refs", "autocomplete": "off", "class": "mono", "spellcheck": "false"})
        self.fields["skip"].choices = [(name, name) for name in definition.stages]
        self._flags = {}
        for flag in definition.flags:
            self._add(flag)

    @property
    def flags(self):
        """The fields of flags."""
        return [self[key] for key in self._flags]

    @property
    def asked(self):
        """What asking.push takes."""
        told = self.cleaned_data
        flags = {name: ("1" if told[key] else "") if isinstance(told[key], bool) else told[key]
                 for key, name in self._flags.items()}
        shown = told["shown_ref"] == (told["ref"] or self._branch)
        return {"comment": told["comment"].replace("\r\n", "\n").strip(), "ref": told["ref"],
                "commit": told["shown_commit"] if shown else "",
                "flags": flags, "skip": told["skip"], "step": told["step"]}

    def clean(self):
        """Ask again where flags or stages aren't those that were shown; the page shows the new."""
        cleaned = super().clean()
        if "seen" in self.fields and cleaned.get("seen") not in ("", None, self._seen):
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = self._seen
            raise forms.ValidationError(
                "The stages or flags of this deployment have changed since this page was shown. "
                "Nothing was pushed. Push once more to push with those below.")
        return cleaned

    def _add(self, flag):
        key = f"flag-{flag.name}"
        self._flags[key] = flag.name
        more = {"label": flag.name, "help_text": flag.description, "required": False}
        self.fields[key] = (
            forms.BooleanField(initial=bool(flag.default), **more) if flag.kind == SWITCH
            else forms.CharField(initial=flag.default, max_length=1000, **more))


def _digest(definition):
    flags = [[flag.name, flag.history_fields()] for flag in definition.flags]
    return fingerprint(json.dumps([flags, definition.stages]))
