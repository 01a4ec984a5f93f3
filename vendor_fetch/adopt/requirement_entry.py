"""Turn one requirement, as pip takes it, into an entry."""

import re
from dataclasses import dataclass, field

from bootstrapper.address import without_passwords
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement
from vendor_fetch.adopt.address_forms import ADDRESS_CHANGES, with_hash
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.index_entry import index_of_line
from vendor_fetch.project.apps_in import UNKNOWN_VARIABLES
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.pip_options import RefusedOption, split_hashes

_EDITABLE = re.compile(r"(?:-e\s*|--editable[\s=]\s*)(?P<what>\S.*)")
_PIN = re.compile(r"===?\s*(?P<version>[^\s,;*]+)\s*(?:;.*)?$")
# PDM's name for the directory of the project
_ROOT = "file:///${PROJECT_ROOT}"
_OWN = re.compile(
    r"(?:[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*)?(?:file:)?\./?(?:\[[^\]]*\])?(?:\s*;.*|#.*)?"
)
_HASHES = re.compile(r"\s--hash(?:=|\s+)\S+")
_OPTION = re.compile(r"\s--?[A-Za-z][\w-]*(?:[\s=].*)?$")
_NO_LIMIT = "a limit is a name with versions; write an address into the list of requirements"
# Modules of the standard library that the index has for older Pythons. The first place of sys.path wins.
_PARTS_OF_PYTHON = (
    *("argparse", "asyncio", "contextvars", "dataclasses", "enum34", "functools32", "futures"),
    *("hashlib", "importlib", "multiprocessing", "pathlib", "ssl", "subprocess32", "typing"),
    *("uuid", "wsgiref"),
)
_REPLACED = {
    **dict.fromkeys(
        _PARTS_OF_PYTHON, "Python itself has it, and never imports another copy; nothing to do"
    ),
    "distribute": "setuptools has replaced it; nothing to do, or write setuptools",
}
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")


@dataclass
class _Line:
    """A requirement on its way to a line of apps.in, and what has changed it."""

    text: str
    changes: list[str] = field(default_factory=list)
    hashes: tuple[str, ...] = ()

    def replace(self, text: str, change: str) -> None:
        """Give the line another text."""
        self.text = text
        self.changes.append(change)


def entry_of(place: str, text: str, *, limits_only: bool = False) -> Entry:
    """Return the entry of a requirement as pip takes it."""
    shown = " ".join(without_passwords(_HASHES.sub("", text)).split()) or text
    if index := index_of_line(place, shown, text):
        return index
    line = _Line(text)
    if match := _EDITABLE.fullmatch(text):
        line.replace(match["what"], "a copy instead of an editable install")
    if _ROOT in line.text:
        line.replace(line.text.replace(_ROOT, "file:."), "a path from the project")
    if refusal := _refusal(line.text):
        return Entry(place=place, text=shown, refusal=refusal)
    try:
        _separate_options(line)
        for rewrite in ADDRESS_CHANGES:
            if changed := rewrite(line.text):
                line.replace(*changed)
        requirement = parse_line(line.text)
    except RefusedOption as error:
        return Entry(place=place, text=shown, refusal=_of_option(error))
    except InvalidRequirement as error:
        fault = without_passwords(str(error))
        return Entry(
            place=place, text=shown, refusal=fault if ";" in fault else f"{fault}; correct the line"
        )
    if line.text.startswith(("http:", "https:")) or " @ http" in line.text:
        line.text, change = with_hash(line.text, line.hashes)
        line.changes += [change] if change else []
    name = canonical_name(requirement.name)
    if name in _REPLACED and not requirement.url and not requirement.marker:
        return Entry(place=place, text=shown, refusal=_REPLACED[name])
    if requirement.marker:
        for variable in requirement.marker.variables & UNKNOWN_VARIABLES.keys():
            refusal = f"{variable} is not known for a target; {UNKNOWN_VARIABLES[variable]}"
            return Entry(place=place, text=shown, refusal=refusal)
    if limits_only and (requirement.url or requirement.path):
        return Entry(place=place, text=shown, refusal=_NO_LIMIT)
    if limits_only and requirement.extras:
        line.replace(re.sub(r"\s*\[[^\]]*\]", "", line.text, count=1), "a limit has no extras")
    if not requirement.url and not requirement.path:
        line.text = " ".join(line.text.split())
    pin = _PIN.search(requirement.specifier) if not requirement.url else None
    return Entry(
        place=place,
        text=shown,
        name=name,
        requirement=line.text,
        pin=pin["version"] if pin else "",
        marker=str(requirement.marker or ""),
        limits_only=limits_only,
        hashes=line.hashes,
        change="; ".join(line.changes),
    )


def _of_option(error: RefusedOption) -> str:
    """Return why an option is refused. The line is in no file of the adopted project to delete."""
    change = error.change.removeprefix("delete the line, and ")
    return f"{error}; {'nothing to do' if change.startswith('delete the ') else change}"


def _refusal(text: str) -> str:
    """Return why a requirement cannot be vendored at all, or nothing."""
    if _OWN.fullmatch(text):
        return "the project itself; manage.py finds its packages"
    if re.match(r"pkg[-_]resources==0\.0\.0\b", text):
        return "no package has this name; `pip freeze` of Debian's and Ubuntu's pip wrote the line"
    address = re.sub(r"//[^/\s]*@", "//", text)  # the user and the password have their own refusal
    if variable := _VARIABLE.search(address):
        return f"{variable[0]} differs between machines; write the value, without a password"
    return ""


def _separate_options(line: _Line) -> None:
    """Take hashes and options off a requirement. Raise RefusedOption for a line of options alone."""
    while True:
        try:
            line.text, line.hashes = split_hashes(line.text)
        except RefusedOption as error:
            kept = _HASHES if error.option.startswith("--hash") else _OPTION
            rest = kept.sub("", line.text).strip()
            if line.text.startswith("-") or rest == line.text:
                raise
            option = error.option.rstrip(":")
            line.replace(rest, f"without {option}: {str(error).partition(': ')[2]}")
        else:
            return
