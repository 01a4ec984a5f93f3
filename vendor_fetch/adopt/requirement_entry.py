"""Turn one requirement, as pip takes it, into an entry."""

import re
from dataclasses import dataclass, field

from bootstrapper.address import without_passwords
from bootstrapper.quoting import quoted
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.pip_options import RefusedOption, split_hashes

_EDITABLE = re.compile(r"(?:-e\s*|--editable[\s=]\s*)(?P<what>\S.*)")
# `#egg=mylib==1.0`, `#egg=mylib-1.0` and `#egg=mylib-dev`, which pip took for years
_MALFORMED_EGG = re.compile(
    r"(?P<egg>[#&]egg=[A-Za-z][\w.-]*?)(?:==[\w.]+|-(?=\d)[\w.]+|-dev)(?![\w.-])"
)
_EGG = re.compile(r"[#&]egg=(?P<name>[\w.-]+)(?P<extras>\[[^\]]*\])?(?P<more>&(?=\S))?")
_SCP = re.compile(r"git\+(?!\w+://)(?P<host>[\w.-]+@[\w.-]+):(?P<path>[^\s/]\S*)")
_PIN = re.compile(r"===?\s*(?P<version>[^\s,;*]+)\s*(?:;.*)?$")
# PDM's name for the directory of the project
_ROOT = "file:///${PROJECT_ROOT}"
_OWN = re.compile(
    r"(?:[\w.-]+\s*(?:\[[^\]]*\])?\s*@\s*)?(?:file:)?\./?(?:\[[^\]]*\])?(?:\s*;.*|#.*)?"
)
_HASHES = re.compile(r"\s--hash(?:=|\s+)\S+")
_OPTION = re.compile(r"\s--?[A-Za-z][\w-]*(?:[\s=].*)?$")
_INDEX = re.compile(
    r"(?P<option>-i|--index-url|--extra-index-url|-f|--find-links)[\s=]\s*(?P<address>\S+)"
)
_NO_LIMIT = "a limit is a name with versions; write an address into the list of requirements"
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
    if match := _INDEX.fullmatch(text):
        return index_entry(place, shown, match["address"], match["option"])
    line = _Line(text)
    if match := _EDITABLE.fullmatch(text):
        line.replace(match["what"], "a copy instead of an editable install")
    if _ROOT in line.text:
        line.replace(line.text.replace(_ROOT, "file:."), "a path from the project")
    if refusal := _refusal(line.text):
        return Entry(place=place, text=shown, refusal=refusal)
    try:
        for change in (_separate_options, _write_address, _name_first):
            change(line)
        requirement = parse_line(line.text)
    except RefusedOption as error:
        return Entry(place=place, text=shown, refusal=f"{error}: {error.change}")
    except InvalidRequirement as error:
        fault = without_passwords(str(error))
        return Entry(
            place=place, text=shown, refusal=fault if ";" in fault else f"{fault}; correct the line"
        )
    if line.text.startswith(("http:", "https:")) or " @ http" in line.text:
        _promise_hash(line)
    if limits_only and (requirement.url or requirement.path):
        return Entry(place=place, text=shown, refusal=_NO_LIMIT)
    if limits_only and requirement.extras:
        line.replace(re.sub(r"\s*\[[^\]]*\]", "", line.text, count=1), "a limit has no extras")
    pin = _PIN.search(requirement.specifier) if not requirement.url else None
    return Entry(
        place=place,
        text=shown,
        name=canonical_name(requirement.name),
        requirement=line.text,
        pin=pin["version"] if pin else "",
        marker=str(requirement.marker or ""),
        limits_only=limits_only,
        hashes=line.hashes,
        change="; ".join(line.changes),
    )


def index_entry(place: str, text: str, address: str, option: str = "--extra-index-url") -> Entry:
    """Return the entry of an index, or of a page or directory with files. It says how to configure it."""
    key = {"-i": "index-url", "-f": "find-links"}.get(option, option.lstrip("-"))
    return Entry(
        place=place,
        text=text,
        refusal="the configuration of pip or uv says where packages come from: "
        f"pip config set global.{key} {quoted(without_passwords(address))}",
    )


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


def _write_address(line: _Line) -> None:
    """Write ssh:// for git's short form, and the name alone after #egg=."""
    if match := _SCP.match(line.text):
        address = f"git+ssh://{match['host']}/{match['path']}"
        line.replace(address + line.text[match.end() :], "with ssh:// before the host")
    if match := _MALFORMED_EGG.search(line.text):
        line.replace(line.text.replace(match[0], match["egg"]), "the name alone after #egg=")


def _name_first(line: _Line) -> None:
    """Write `NAME @ ADDRESS` for an address with #egg=NAME."""
    if not re.match(r"(?:git|https?|file)\S*:", line.text):
        return
    if match := _EGG.search(line.text):
        start, end = line.text[: match.start()], line.text[match.end() :]
        mark = "&" if "#" in start else "#"
        address = start + (mark if match["more"] else "") + end
        line.replace(
            f"{match['name']}{match['extras'] or ''} @ {address}", "the name before the address"
        )


def _promise_hash(line: _Line) -> None:
    """Write the only hash of an archive into its address."""
    if len(line.hashes) != 1 or "sha256=" in line.text:
        return
    before, semicolon, marker = line.text.partition(" ;")
    address = before.strip()
    line.text = (
        f"{address}{'&' if '#' in address else '#'}sha256={line.hashes[0]}{semicolon}{marker}"
    )
