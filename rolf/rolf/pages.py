"""A template back end that replaces control characters.

Comments, commit subjects, names and refs come from outside. Django escapes their markup, but not
control characters, and the bidirectional ones reorder the text that a reader sees (UAX #9).
"""

import re

from django.template.backends.django import DjangoTemplates, Template
from django.utils.safestring import mark_safe

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ANY = re.compile(f"[{_CONTROLS}]")
# Forms must send back what they got, so text areas and values stay unchanged.
_PARTS = re.compile(
    r"(<textarea\b.*?</textarea\s*>|<[^>]*\svalue=[^>]*>)", re.DOTALL | re.IGNORECASE
)


def harmless(html):
    """Return the HTML with U+FFFD in place of control characters, except in form fields."""
    if not _ANY.search(html):
        return html
    parts = _PARTS.split(html)
    parts[::2] = [_ANY.sub("\N{REPLACEMENT CHARACTER}", part) for part in parts[::2]]
    return mark_safe("".join(parts))  # noqa: S308 - rendered by a template


class Templates(DjangoTemplates):
    """Django's back end, with `harmless` applied to what templates render."""

    def from_string(self, template_code):
        """Return the template with that code."""
        return _Harmless(super().from_string(template_code))

    def get_template(self, template_name):
        """Return the template of that name. Raises TemplateDoesNotExist."""
        return _Harmless(super().get_template(template_name))


class _Harmless:
    def __init__(self, template: Template):
        self._template = template

    def __getattr__(self, name):
        return getattr(self._template, name)

    def render(self, context=None, request=None):
        return harmless(self._template.render(context, request))
