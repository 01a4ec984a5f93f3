"""A wheel, read and judged before a byte of it is written (PEP 427, PEP 491)."""

import csv
import io
import re
import stat
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.standards import filename
from bootstrapper.ve.wheel.archive import MAX_DEPTH, Archive, shorten_name
from bootstrapper.ve.wheel.script import EntryPoint

# The keys of a .data directory: the paths that sysconfig's "venv" scheme knows.
SCHEME_KEYS = ("purelib", "platlib", "headers", "scripts", "data")

# What unpacks to more than this, and to more than so many times its own size, is a zip bomb unless
# the project says otherwise. Most wheels stay below 8 times, tables of zeros and the like do not;
# deflate can reach 1032 times, and overlapping members have no limit.
BOMB_SIZE = 512 * 2**20  # bytes
BOMB_RATIO = 50
# Its RECORD and the like are read as a whole; that of half a million files is not so large.
LARGEST_TEXT = 64 * 2**20
# What Archive unpacks. Of bzip2 or LZMA, 64 kB can be gigabytes.
# How a project allows more.
LARGEST = "[tool.bootstrapper] largest-wheel = {}"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Row = tuple[str, str, str]
"""A row of RECORD: path, `sha256=` digest or empty, size in bytes or empty."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file of a wheel and where it belongs.

    `name` is its name in the archive; `key` one of SCHEME_KEYS; `path` is relative to that
    directory; `executable` is what the archive's mode says (PEP 427, "Installing"); `size` is in
    bytes.
    """

    name: str
    key: str
    path: str
    executable: bool
    size: int


class WheelFile:
    """An open wheel. Whatever is wrong with it raises WorkFailed, which names the file.

    Its names have been checked: none is absolute, climbs out of its directory, stands there
    twice, lies too deep, or is a link or a device; and its sizes: it is no zip bomb.
    """

    def __init__(self, path: Path, place: str, *, largest: int = BOMB_SIZE) -> None:
        """`path` is the file, `place` its name in messages, `largest` the project's limit."""
        self.path = path
        self.place = place
        self.name = filename.parse_filename(path.name)
        try:
            self._archive = Archive(path)
        except Exception as error:  # whatever it is
            raise self.fault(f"can't be read as a zip archive: {error}") from None
        self._infos = self._checked_names()
        self.size = sum(info.file_size for info in self._infos.values())
        self._check_sizes(largest)
        self.dist_info = self._dist_info()
        version = "".join(self._headers("WHEEL", "Wheel-Version"))
        if version.split(".")[0] != "1":
            raise self.fault(f"its Wheel-Version is {version!r}, 1.x is what we can install")
        pure = self._headers("WHEEL", "Root-Is-Purelib")
        root = "purelib" if [each.lower() for each in pure] == ["true"] else "platlib"
        self.members = tuple(self._member(info, root) for info in self._infos.values())

    def __enter__(self) -> "WheelFile":
        return self

    def __exit__(self, *exc: object) -> None:
        self._archive.close()

    def fault(self, text: str) -> WorkFailed:
        """An error about this wheel."""
        return WorkFailed(self.place, text, "vendor another version of it: make vendor")

    def read(self, name: str) -> bytes:
        """The bytes of a member."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, so many at a time that memory does not depend on its size."""
        try:
            yield from self._archive.chunks(self._infos[name])
        except Exception as error:  # whatever it is
            raise self.fault(f"{name} can't be unpacked: {error}") from None

    @cached_property
    def record(self) -> list[Row]:
        """The rows of the wheel's own RECORD, as they stand."""
        text = self._text("RECORD")
        try:
            rows = [row for row in csv.reader(io.StringIO(text)) if row]
        except csv.Error as error:
            raise self.fault(f"its RECORD is damaged: {error}") from None
        padded = ([*row, "", ""] for row in rows)
        return [(path, digest, size) for path, digest, size, *_ in padded]

    @cached_property
    def requirements(self) -> list[str]:
        """What it requires, as its metadata says: `asgiref>=3.8.1; python_version < "4"`."""
        return self._headers("METADATA", "Requires-Dist")

    @cached_property
    def entry_points(self) -> list[EntryPoint]:
        """The scripts that it wants generated; console and GUI ones are alike on Unix."""
        if f"{self.dist_info}/entry_points.txt" not in self._infos:
            return []
        parser = ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep capitals
        try:
            parser.read_string(self._text("entry_points.txt"))
        except ConfigParserError as error:
            raise self.fault(f"its entry_points.txt is damaged: {error}") from None
        return [
            self._entry_point(name, value)
            for section in ("console_scripts", "gui_scripts")
            if parser.has_section(section)
            for name, value in parser.items(section)
        ]

    def _checked_names(self) -> dict[str, zipfile.ZipInfo]:
        infos: dict[str, zipfile.ZipInfo] = {}
        for info in self._archive.infos:
            name = info.filename
            parts = name.removesuffix("/").split("/")
            if name != info.orig_filename or "" in parts or ".." in parts or "." in parts:
                raise self.fault(
                    f"the name {shorten_name(info.orig_filename)!r} in it leads out of "
                    "its directory"
                )
            if len(parts) > MAX_DEPTH:
                raise self.fault(
                    f"{shorten_name(name)!r} in it lies more than {MAX_DEPTH} directories deep"
                )
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise self.fault(f"{name!r} in it is neither a file nor a directory")
            if info.is_dir():
                continue
            if name in infos:
                raise self.fault(f"{name!r} stands in it twice")
            infos[name] = info
        return infos

    def _check_sizes(self, largest: int) -> None:
        for name, info in self._infos.items():
            if info.compress_type not in _METHODS:
                raise self.fault(f"{name!r} in it is neither stored nor deflated")
        packed = self.path.stat().st_size
        if self.size > max(largest, BOMB_RATIO * packed):
            raise WorkFailed(
                self.place,
                f"its {packed} bytes would unpack to {self.size}, the limit is "
                f"{largest}: a zip bomb",
                "vendor another version of it (make vendor); or, if it "
                f"should be so large, write in pyproject.toml: {LARGEST.format(self.size)}",
            )

    def _dist_info(self) -> str:
        roots = {name.split("/")[0] for name in self._infos}
        found = [root for root in roots if root.endswith(".dist-info")]
        if len(found) != 1:
            raise self.fault(f"{len(found)} .dist-info directories are in it, one is needed")
        name, _, version = found[0].removesuffix(".dist-info").partition("-")
        if filename.canonical_name(name) != self.name.name:
            raise self.fault(f"its {found[0]} is not that of {self.name.name}")
        if not version:
            raise self.fault(f"its {found[0]} tells no version")
        return found[0]

    def _member(self, info: zipfile.ZipInfo, root: str) -> Member:
        key, path = root, info.filename
        first = path.partition("/")[0]
        if first.endswith(".data"):
            parts = path.split("/", 2)
            if len(parts) < 3 or parts[1] not in SCHEME_KEYS:
                raise self.fault(
                    f"{path!r}: the directories in {first} are " + ", ".join(SCHEME_KEYS)
                )
            key, path = parts[1], parts[2]
        mode = info.external_attr >> 16
        executable = stat.S_ISREG(mode) and bool(mode & 0o111)
        return Member(
            name=info.filename, key=key, path=path, executable=executable, size=info.file_size
        )

    def _entry_point(self, name: str, value: str) -> EntryPoint:
        reference = value.partition("[")[0]  # extras are of no use to a script
        module, colon, attribute = (part.strip() for part in reference.partition(":"))
        words = [*module.split("."), *attribute.split(".")]
        if not colon or not all(word.isidentifier() for word in words):
            raise self.fault(f"the entry point {name} = {value} is not MODULE:FUNCTION")
        if "/" in name or name in ("", ".", ".."):
            raise self.fault(f"the entry point {name!r} leads out of its directory")
        return EntryPoint(name=name, module=module, attribute=attribute)

    def _text(self, name: str) -> str:
        full = f"{self.dist_info}/{name}"
        if full not in self._infos:
            raise self.fault(f"it has no {full}")
        if self._infos[full].file_size > LARGEST_TEXT:
            raise self.fault(f"its {full} is larger than {LARGEST_TEXT} bytes")
        try:
            return self.read(full).decode("utf-8")
        except UnicodeDecodeError:
            raise self.fault(f"its {full} is not UTF-8") from None

    def _headers(self, name: str, key: str) -> list[str]:
        """The values of `key` among the headers of a file; unfolded, in order."""
        head = re.split(r"\r?\n\r?\n", self._text(name), maxsplit=1)[0]
        lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
        pairs = (line.partition(":") for line in lines)
        return [value.strip() for each, _, value in pairs if each.lower() == key.lower()]
