"""Tags and filters for states, times, people, commits and fields of forms."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache

from django import template
from django.forms import CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from deployments import redaction

register = template.Library()

# A symbol for each state, because not all users can distinguish the colours: paths in 16 x 16.
SHAPES = {
    "succeeded": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm-1 10.2L3.9 8.1l1.2-1.2L7 8.8l4-4 1.2 1.2z",
    "failed": "M1.5 1.5h13v13h-13zm3.2 4.4L6.8 8l-2.1 2.1 1.2 1.2L8 9.2l2.1 2.1 1.2-1.2L9.2 8l2.1-"
    "2.1-1.2-1.2L8 6.8 5.9 4.7z",
    "running": "M3 1.5l11.5 6.5L3 14.5z",
    "queued": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 2a5 5 0 1 1 0 10A5 5 0 0 1 8 3zm-.9 2h1.8v2.9l2"
    ".1 1.3-.9 1.4-3-1.8z",
    "waiting": "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zm0 1.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8z",
    "cancelled": "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM4 7h8v2H4z",
    "lost": "M8 .5L15.5 8 8 15.5.5 8zM7 4v5h2V4zm0 6.2V12h2v-1.8z",
    "skipped": "M2 3.5L7 8l-5 4.5zm6 0L13 8l-5 4.5zm6 0h1.6v9H14z",
    "never": "M3 7h10v2H3z",
    "asks": "M2 2h12v9H8.5L5 14.5V11H2zm4 2v5h1.6V4zm2.6 0v5h1.6V4z",
}


@register.filter
def without_password(value):
    """Replace tokens and passwords in URLs by stars."""
    return redaction.without_password(str(value))


@register.simple_tag
def state(name, words=""):
    """Show a state by its symbol and its name, or `words` instead of the name."""
    return _state(str(name or "never"), words)


@cache
def _state(name, words):
    label = words or ("never pushed" if name == "never" else name)
    return format_html(
        '<span class="state {}"><svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        '<path fill-rule="evenodd" d="{}"/></svg>{}</span>',
        name,
        mark_safe(SHAPES[name]),  # noqa: S308 - ours, above
        label,
    )


@register.simple_tag
def moment(at):
    """Show a time briefly, with the full time as title. A script converts it to the user's zone."""
    at = _datetime(at)
    if at is None:
        return ""
    here = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.astimezone(UTC).isoformat(),
        here.strftime("%-d %B %Y, %H:%M:%S %Z"),
        _short(here),
    )


@register.filter
def seconds(value):
    """Format a duration: 0.4 s, 12 s, 3 min 05 s, 1 h 02 min."""
    if value is None or value == "":
        return ""
    value = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


@register.filter
def code_spans(text):
    """Show `code` between backticks, as in Markdown, in the font of code."""
    # Every second piece is the text between two backticks.
    pieces = re.split(r"`([^`]+)`", text)
    return format_html_join(
        "",
        "{}",
        (
            (format_html("<code>{}</code>", piece) if number % 2 else piece,)
            for number, piece in enumerate(pieces)
        ),
    )


@register.filter
def prose(text):
    """Show a comment as paragraphs. Lines are joined, except in paragraphs with columns."""
    html = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        columns = re.search(r"\S {2,}\S", paragraph)
        html.append(
            format_html(
                '<pre tabindex="0">{}</pre>' if columns else "<p>{}</p>",
                paragraph if columns else code_spans(" ".join(paragraph.split())),
            )
        )
    return mark_safe("".join(html))  # noqa: S308 - escaped above


@register.simple_tag
def pushed(push, words="", *parts):
    """Show a push, or `words`, as a link to its page. A push of the command line has no page.

    The joined `parts` are the id of the link.
    """
    words = words or f"push {push.number}"
    key = "".join(map(str, parts))
    if push.pk is None:
        return format_html("<span>{}</span>", words)
    return format_html(
        '<a{} href="{}">{}</a>',
        format_html(' id="{}"', key) if key else "",
        push.get_absolute_url(),
        words,
    )


@register.simple_tag
def person(name):
    """Show the name of a user. A right-to-left name does not affect the text around it."""
    return format_html('<bdi class="person">{}</bdi>', name)


@register.simple_tag
def commit(name):
    """Show the first characters of a commit, with the full commit as title."""
    return format_html('<code class="commit" title="{}">{}</code>', name, name[:8]) if name else ""


@register.inclusion_tag("parts/field.html")
def field(bound):
    """Show a field of a form: label, widget, help text and errors."""
    widget = bound.field.widget
    several = isinstance(widget, CheckboxSelectMultiple | RadioSelect)
    return {
        "field": bound,
        "several": several,
        "checkbox": isinstance(widget, CheckboxInput) and not several,
    }


@register.inclusion_tag("parts/fields.html")
def fields(form):
    """Show all fields of a form, after the errors of the whole form."""
    return {"form": form}


def _datetime(at):
    if isinstance(at, str):
        return parse_datetime(at)
    if isinstance(at, int | float):
        return datetime.fromtimestamp(at, UTC)
    return at


def _short(here):
    days = (timezone.localdate() - here.date()).days
    clock = here.strftime("%H:%M")
    if days == 0:
        return clock
    if days == 1:
        return f"yesterday {clock}"
    same_year = here.year == timezone.localdate().year
    return here.strftime(f"%-d %b {clock}" if same_year else "%-d %b %Y")
