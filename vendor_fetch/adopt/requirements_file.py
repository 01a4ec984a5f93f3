"""Read the requirements files of pip and pip-tools."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.ve.project.requirement_lines import requirement_lines
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement
from vendor_fetch.adopt.entry import Entry
from vendor_fetch.index.setting import without_passwords
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.pip_options import RefusedOption, split_hashes

_INCLUDE = re.compile(
    r"(?:-r\s*|--requirement[\s=]\s*|(?P<limits>-c\s*|--constraint[\s=]\s*))(?P<path>\S+)"
)
_EDITABLE = re.compile(r"(?:-e\s*|--editable[\s=]\s*)(?P<what>\S.*)")
# `#egg=mylib==1.0` and `#egg=mylib-1.0`, which pip took for years
_MALFORMED_EGG = re.compile(r"#egg=(?P<name>[A-Za-z][\w.-]*?)(?:==|-(?=\d))[\w.]+")
_EGG = re.compile(r"[#&]egg=(?P<name>[\w.-]+)(?P<extras>\[[^\]]*\])?&?")
_PIN = re.compile(r"===?\s*(?P<version>[^\s,;*]+)\s*(?:;.*)?$")
_OWN = re.compile(r"\./?(?:\[[^\]]*\])?")


def read_requirements(file: Path, root: Path, *, limits_only: bool = False) -> Iterator[Entry]:
    """Yield the entries of a requirements file and of those that it includes.

    Places are relative to the directory `root`.
    """
    yield from _read(file, root, (), limits_only)


def _read(
    file: Path,
    root: Path,
    including: tuple[Path, ...],
    limits_only: bool,
) -> Iterator[Entry]:
    name = os.path.relpath(file, root)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield Entry(place=name, text="", refusal=f"can't be read: {error}; save it as UTF-8")
        return
    for row in requirement_lines(text):
        place = f"{name}:{row.first}"
        if match := _INCLUDE.fullmatch(row.text):
            included = Path(os.path.normpath(file.parent / match["path"]))
            if "://" in match["path"] or not included.is_file():
                yield Entry(
                    place=place,
                    text=row.text,
                    refusal="there is no such file here; write its lines into the project",
                )
            elif included not in (*including, file):
                yield Entry(place=place, text=row.text, change="its lines follow")
                limiting = limits_only or bool(match["limits"])
                yield from _read(included, root, (*including, file), limiting)
            continue
        yield entry_of(place, row.text, limits_only=limits_only)


def entry_of(place: str, text: str, *, limits_only: bool = False) -> Entry:
    """Return the entry of a requirement as pip takes it."""
    shown = without_passwords(text)
    written, changes = text, []
    if match := _EDITABLE.fullmatch(written):
        written = match["what"]
        changes.append("a copy instead of an editable install")
    if _OWN.fullmatch(written):
        return Entry(
            place=place, text=shown, refusal="the project itself; manage.py finds its packages"
        )
    if match := _MALFORMED_EGG.search(written):
        written = written.replace(match[0], f"#egg={match['name']}")
        changes.append("the name alone after #egg=")
    if re.match(r"(?:git|https?|file)\S*:", written) and (match := _EGG.search(written)):
        address = _EGG.sub("#", written, count=1).rstrip("#&")
        written = f"{match['name']}{match['extras'] or ''} @ {address}"
        changes.append("the name before the address")
    try:
        written, hashes = split_hashes(written)
        requirement = parse_line(written)
    except RefusedOption as error:
        return Entry(place=place, text=shown, refusal=f"{error}: {error.change}")
    except InvalidRequirement as error:
        return Entry(place=place, text=shown, refusal=without_passwords(str(error)))
    if variable := re.search(r"\$\{[A-Z0-9_]+\}", written):
        return Entry(
            place=place,
            text=shown,
            refusal=f"{variable[0]} differs between machines; write the value, without a password",
        )
    pin = _PIN.search(requirement.specifier) if not requirement.url else None
    return Entry(
        place=place,
        text=shown,
        name=canonical_name(requirement.name),
        requirement=written,
        pin=pin["version"] if pin else "",
        marker=str(requirement.marker or ""),
        limits_only=limits_only,
        hashes=hashes,
        change="; ".join(changes),
    )
