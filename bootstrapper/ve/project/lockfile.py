"""The lock: a line for each vendored file, with its sha256 and its environment marker.

    requirements/src/django-5.2.8-py3-none-any.whl --hash=sha256:…
    requirements/src/pillow-….whl ; python_version == "3.11" --hash=sha256:…

It is a pip requirements file. This module reads the part of pip's format that a lock needs.
Comments record what only the build backend of a tarball tells, and where a file comes from that
apps.in names by its address:

    # docopt-0.6.2.tar.gz builds with: setuptools>=70.1
    # docopt-0.6.2.tar.gz requires: six>=1.9 | colorama ; sys_platform == "win32"
    # mylib-1.0.tar.gz comes from: git+https://git.example.org/mylib.git@main | 9f2c…
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.program import VENDOR
from bootstrapper.ve.project.requirement_lines import requirement_lines
from bootstrapper.ve.standards.filename import InvalidFilename, Tarball, Wheel, parse_filename
from bootstrapper.ve.standards.marker import InvalidMarker, Marker

SOURCE = PurePosixPath("requirements/src")
APPS = PurePosixPath("requirements/apps.txt")
TOOLS = PurePosixPath("requirements/tools.txt")

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# The texts of a record have " | " between them.
BUILDS_WITH, REQUIRES, COMES_FROM = "builds with", "requires", "comes from"
SEPARATOR = " | "
_RECORD = re.compile(
    rf"^# (?P<file>\S+) (?P<kind>{BUILDS_WITH}|{REQUIRES}|{COMES_FROM}):(?P<texts>.*)$",
    re.MULTILINE,
)
_NEXT = f"{VENDOR}  # writes the lock again; or correct the line"


@dataclass(frozen=True, kw_only=True)
class LockedFile:
    """One line of a lock.

    `path` is relative to the project's root. `sha256` are the accepted digests, in lower-case
    hexadecimal. `marker` says where the file is installed; None means everywhere. `lock` and `line`
    are the place of the line, counted from 1, for messages.
    """

    path: PurePosixPath
    sha256: tuple[str, ...]
    marker: Marker | None = None
    lock: str = str(APPS)
    line: int = 0

    @property
    def distribution(self) -> Wheel | Tarball:
        """The parts of the file's name."""
        return parse_filename(self.path.name)

    @property
    def place(self) -> str:
        """The place of the line in messages: `requirements/apps.txt:3`."""
        return f"{self.lock}:{self.line}"

    def __str__(self) -> str:
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.path}{marker}" + "".join(f" --hash=sha256:{each}" for each in self.sha256)


def read(project: Path, lock: PurePosixPath) -> list[LockedFile]:
    """Return the lines of a lock, in order. Raise InputError for a faulty one."""
    try:
        text = (project / lock).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            str(lock), "the file is missing", f"git checkout -- {lock}  # or: {VENDOR}"
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(str(lock), f"byte {error.start} is not UTF-8", _NEXT) from None
    files: list[LockedFile] = []
    lines: dict[PurePosixPath, int] = {}
    for line in requirement_lines(text):
        number = line.first
        file = _read_line(line.text, str(lock), number)
        if file.path in lines:
            raise InputError(file.place, f"line {lines[file.path]} already has {file.path}", _NEXT)
        lines[file.path] = number
        files.append(file)
    return files


def read_records(project: Path, lock: PurePosixPath) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the records of a lock: for the name of a file, the texts of each kind.

    Those of an unreadable lock are empty.
    """
    try:
        text = (project / lock).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for match in _RECORD.finditer(text):
        texts = tuple(filter(None, map(str.strip, match["texts"].split(SEPARATOR.strip()))))
        found.setdefault(match["file"], {})[match["kind"]] = texts
    return found


def render(files: Iterable[LockedFile], header: Iterable[str] = ()) -> str:
    """Return the text of a lock: the header lines as comments, then a line for each file."""
    return "".join(
        [*(f"# {line}".rstrip() + "\n" for line in header), *(f"{file}\n" for file in files)]
    )


def _read_line(text: str, lock: str, number: int) -> LockedFile:
    def bad(fault: str) -> InputError:
        return InputError(f"{lock}:{number}", fault, _NEXT)

    digests = tuple(_HASH.findall(text))
    rest = _HASH.sub("", text).strip()
    if "--hash" in rest:
        raise bad("a hash must be --hash=sha256: with 64 hexadecimal digits in lower case")
    name, separator, condition = (part.strip() for part in rest.partition(" ;"))
    if name.startswith("-"):
        raise bad(f"{name.split()[0]!r}: a lock has no options but --hash")
    path = PurePosixPath(name)
    if not name or " " in name or path.parent != SOURCE:
        raise bad(f"{name!r} is not the path of a file in {SOURCE}/")
    if not digests:
        raise bad(f"{path} has no --hash=sha256:…")
    try:
        parse_filename(path.name)
        marker = Marker(condition) if separator else None
    except (InvalidFilename, InvalidMarker) as error:
        raise bad(str(error)) from None
    return LockedFile(path=path, sha256=digests, marker=marker, lock=lock, line=number)
