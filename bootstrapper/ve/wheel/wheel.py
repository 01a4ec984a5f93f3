"""Read a wheel, and check it before any of its files is written (PEP 427, PEP 491)."""

import csv
import hashlib
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
from bootstrapper.next_step import ANOTHER_VERSION, edit
from bootstrapper.program import VENDOR
from bootstrapper.ve.standards import filename
from bootstrapper.ve.standards.version import same_version
from bootstrapper.ve.wheel.archive import MAX_DEPTH, Archive, shorten_name
from bootstrapper.ve.wheel.record import encode_digest, is_verifiable
from bootstrapper.ve.wheel.script import EntryPoint

# The directories of .data: the paths of sysconfig's "venv" scheme.
SCHEME_KEYS = ("purelib", "platlib", "headers", "scripts", "data")

# A wheel that exceeds both this unpacked size and this ratio is a zip bomb, unless the project
# allows more. Most wheels unpack to less than 8 times their size. deflate can reach 1032 times,
# and overlapping members have no limit.
BOMB_SIZE = 512 * 2**20  # bytes
BOMB_RATIO = 50
# RECORD and METADATA are read as a whole. A RECORD of half a million files is smaller than this.
LARGEST_TEXT = 64 * 2**20
# The setting with which a project allows larger wheels.
LARGEST = "[tool.bootstrapper] largest-wheel = {}"
# The compression methods that Archive reads. 64 kB of bzip2 or LZMA can be gigabytes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Row = tuple[str, str, str]
"""A row of RECORD: the path, the digest (`sha256=…`) or "", the size in bytes or ""."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file of a wheel, and where it belongs.

    `name` is its name in the archive. `key` is one of SCHEME_KEYS, and `path` is relative to that
    directory. `executable` is its mode in the archive (PEP 427, "Installing"). `size` is in bytes.
    """

    name: str
    key: str
    path: str
    executable: bool
    size: int


class WheelFile:
    """An open wheel. Raise WorkFailed if anything is wrong with it.

    Opening it checks the names: none is absolute, leads out of its directory, appears twice, is too
    deep, or is a link or a device. It checks the sizes, so that no zip bomb is unpacked.
    """

    def __init__(self, path: Path, place: str, *, largest: int = BOMB_SIZE) -> None:
        """Open the wheel `path`. `place` is its name in messages, `largest` the project's size limit."""
        self.path = path
        self.place = place
        self.name = filename.parse_filename(path.name)
        try:
            self._archive = Archive(path)
        except Exception as error:  # zipfile raises many types
            raise self.fault(f"can't be read as a zip archive: {error}") from None
        self._infos = self._checked_names()
        self.size = sum(info.file_size for info in self._infos.values())
        self._check_sizes(largest)
        self.dist_info = self._dist_info()
        version = "".join(self._headers("WHEEL", "Wheel-Version"))
        if version.split(".")[0] != "1":
            raise self.fault(f"its Wheel-Version is {version!r}, only 1.x can be installed")
        pure = self._headers("WHEEL", "Root-Is-Purelib")
        root = "purelib" if [each.lower() for each in pure] == ["true"] else "platlib"
        self.members = tuple(self._member(info, root) for info in self._infos.values())

    def __enter__(self) -> "WheelFile":
        return self

    def __exit__(self, *exc: object) -> None:
        self._archive.close()

    def fault(self, text: str) -> WorkFailed:
        """Return an error about this wheel."""
        return WorkFailed(self.place, text, ANOTHER_VERSION)

    def read(self, name: str) -> bytes:
        """Return the content of a member."""
        return b"".join(self.chunks(name))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member in chunks of limited size."""
        try:
            yield from self._archive.chunks(self._infos[name])
        except Exception as error:  # see Archive
            raise self.fault(f"its member {name} can't be unpacked: {error}") from None

    def verified_chunks(self, name: str, recorded: str) -> Iterator[bytes]:
        """Yield the chunks of a member; then raise WorkFailed if its digest is not the recorded one."""
        promised = is_verifiable(recorded)
        if not promised:
            yield from self.chunks(name)
            return
        hashed = hashlib.new(promised[0])
        for chunk in self.chunks(name):
            hashed.update(chunk)
            yield chunk
        if encode_digest(hashed.digest()) != promised[1]:
            raise self.fault(f"its member {name} differs from its RECORD")

    def verify(self) -> None:
        """Read every member. Raise WorkFailed for what a rebuild would refuse."""
        recorded = {path: digest for path, digest, _ in self.record}
        for member in self.members:
            for _ in self.verified_chunks(member.name, recorded.get(member.name, "")):
                pass
        self._check_metadata()
        _ = self.entry_points  # a wrong one is refused when it is read

    def _check_metadata(self) -> None:
        """Raise WorkFailed if METADATA has another name or version than the file name."""
        name, version = ("".join(self._headers("METADATA", key)) for key in ("Name", "Version"))
        if filename.canonical_name(name) != self.name.name:
            raise self.fault(f"its METADATA has the name {name!r}")
        if not same_version(version, self.name.version):
            raise self.fault(f"its METADATA has the version {version!r}")

    @cached_property
    def record(self) -> list[Row]:
        """The rows of the wheel's RECORD."""
        text = self._text("RECORD")
        try:
            rows = [row for row in csv.reader(io.StringIO(text)) if row]
        except csv.Error as error:
            raise self.fault(f"its RECORD is damaged: {error}") from None
        padded = ([*row, "", ""] for row in rows)
        return [(path, digest, size) for path, digest, size, *_ in padded]

    @cached_property
    def requirements(self) -> list[str]:
        """The requirements in its metadata, such as `asgiref>=3.8.1; python_version < "4"`."""
        return self._headers("METADATA", "Requires-Dist")

    @cached_property
    def entry_points(self) -> list[EntryPoint]:
        """The scripts to generate; console and GUI scripts are the same on Unix."""
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
                    f"its member {shorten_name(info.orig_filename)!r} leads out of its directory"
                )
            if len(parts) > MAX_DEPTH:
                raise self.fault(
                    f"its member {shorten_name(name)!r} is more than {MAX_DEPTH} directories deep"
                )
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise self.fault(f"its member {name!r} is neither a file nor a directory")
            if info.is_dir():
                continue
            if name in infos:
                raise self.fault(f"it has two members with the name {name!r}")
            infos[name] = info
        return infos

    def _check_sizes(self, largest: int) -> None:
        for name, info in self._infos.items():
            if info.compress_type not in _METHODS:
                raise self.fault(f"its member {name!r} is neither stored nor deflated")
        packed = self.path.stat().st_size
        if self.size > max(largest, BOMB_RATIO * packed):
            raise WorkFailed(
                self.place,
                f"its {packed} bytes would unpack to {self.size}, the limit is "
                f"{largest}: a zip bomb",
                edit(
                    "requirements/apps.in",
                    f"ask for another version of it, then: {VENDOR}; or, if it is meant to be "
                    f"so large, write in pyproject.toml: {LARGEST.format(self.size)}",
                ),
            )

    def _dist_info(self) -> str:
        roots = {name.split("/")[0] for name in self._infos}
        found = [root for root in roots if root.endswith(".dist-info")]
        if len(found) != 1:
            raise self.fault(f"it has {len(found)} .dist-info directories instead of one")
        name, _, version = found[0].removesuffix(".dist-info").partition("-")
        if filename.canonical_name(name) != self.name.name:
            raise self.fault(f"its {found[0]} does not belong to {self.name.name}")
        if not version:
            raise self.fault(f"its {found[0]} has no version")
        return found[0]

    def _member(self, info: zipfile.ZipInfo, root: str) -> Member:
        key, path = root, info.filename
        first = path.partition("/")[0]
        if first.endswith(".data"):
            parts = path.split("/", 2)
            if len(parts) < 3 or parts[1] not in SCHEME_KEYS:
                raise self.fault(
                    f"its member {path!r}: the directories in {first} must be among "
                    + ", ".join(SCHEME_KEYS)
                )
            key, path = parts[1], parts[2]
        mode = info.external_attr >> 16
        executable = stat.S_ISREG(mode) and bool(mode & 0o111)
        return Member(
            name=info.filename, key=key, path=path, executable=executable, size=info.file_size
        )

    def _entry_point(self, name: str, value: str) -> EntryPoint:
        reference = value.partition("[")[0]  # extras do not matter to a script
        module, colon, attribute = (part.strip() for part in reference.partition(":"))
        words = [*module.split("."), *attribute.split(".")]
        if not colon or not all(word.isidentifier() for word in words):
            raise self.fault(f"its entry point {name} = {value} is not MODULE:FUNCTION")
        if "/" in name or name in ("", ".", ".."):
            raise self.fault(f"its entry point {name!r} leads out of its directory")
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
        """Return the values of a key in the headers of a file, in order, with continuation lines joined."""
        head = re.split(r"\r?\n\r?\n", self._text(name), maxsplit=1)[0]
        lines = re.sub(r"\r?\n[ \t]+", " ", head).splitlines()
        pairs = (line.partition(":") for line in lines)
        return [value.strip() for each, _, value in pairs if each.lower() == key.lower()]
