"""Unpack one wheel into an entry of the store: its files and their bytecode."""

import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from bootstrapper.ve.python import bytecode
from bootstrapper.ve.store.entry import BODIES, RECORD, TREE, Index, Written
from bootstrapper.ve.store.integrity import FileStamp, file_stamp
from bootstrapper.ve.system.modes import STORED_FILE, STORED_SCRIPT
from bootstrapper.ve.wheel import script
from bootstrapper.ve.wheel.archive import UNSAFE_NAME, shorten_name
from bootstrapper.ve.wheel.layout import InstallLayout
from bootstrapper.ve.wheel.record import format_record, record_row
from bootstrapper.ve.wheel.script import EntryPoint
from bootstrapper.ve.wheel.wheel import Member, WheelFile

INSTALLER = b"bootstrapper\n"
# Larger sources, in bytes, are not compiled: compiling takes a hundred times their size in memory.
LARGEST_SOURCE = 8 * 2**20


class WheelUnpacker:
    """Unpacks one wheel.

    `place` is the directory of the entry; no other process uses it. Run this in the virtualenv's
    interpreter, so that the bytecode fits. Installing adds what depends on the virtualenv: shebangs.
    """

    def __init__(self, wheel: WheelFile, place: Path, layout: InstallLayout) -> None:
        self._wheel = wheel
        self._layout = layout
        self._place = place
        self._tree = f"{place}/{TREE}"
        self._rows: dict[str, tuple[str, str]] = {}
        self._made: set[str] = {""}
        self._files: list[Written] = []
        self._scripts: list[tuple[str, str, bool]] = []
        self._bytecode: dict[str, bytes] = {}

    def run(self) -> None:
        """Write all files, the bytecode, the files of PEP 376, and finally the index.

        Raise WorkFailed if the wheel contradicts its RECORD or its names can't be created. Raise
        OSError.
        """
        try:
            self._run()
        except OSError as error:
            if error.errno not in UNSAFE_NAME:
                raise
            name = os.fsdecode(error.filename or "").removeprefix(f"{self._tree}/")
            raise self._wheel.fault(
                f"its member {shorten_name(name)!r} can't be created: {error.strerror}"
            ) from None

    def _run(self) -> None:
        for folder in (TREE, BODIES):
            os.mkdir(f"{self._place}/{folder}")
        recorded = {path: (digest, size) for path, digest, size in self._wheel.record}
        places = self._layout.places(self._wheel).items()
        # Our bytecode replaces that of the wheel, so the wheel's comes first.
        for path, source in sorted(places, key=lambda place: not place[0].endswith(".pyc")):
            if isinstance(source, EntryPoint):
                self._body(path, script.entry_point(source), executable=True)
                continue
            self._member(path, source, *recorded.get(source.name, ("", "")))
        self._finish()

    def _member(self, path: str, member: Member, recorded: str, size: str) -> None:
        chunks = self._wheel.verified_chunks(member.name, recorded)
        first = next(chunks, b"")
        if member.key == "scripts" and script.wants_interpreter(first):
            content = b"".join([first, *chunks])
            self._body(path, script.without_shebang(content), executable=member.executable)
            return
        self._rows[path] = recorded, size
        if path.endswith(".pyc") and not recorded:
            content = b"".join([first, *chunks])
            self._bytecode[self._from_site(path)] = bytecode.fingerprint(content)
            self._write(path, [content], executable=member.executable)
            return
        if not path.endswith(".py") or member.size > LARGEST_SOURCE:
            self._write(path, chain([first], chunks), executable=member.executable)
            return
        content = b"".join([first, *chunks])
        mtime = self._write(path, [content], executable=member.executable)
        self._compile(path, content, mtime)

    def _body(self, path: str, content: bytes, *, executable: bool) -> None:
        """Write a script without its first line, which depends on the virtualenv."""
        name = f"{BODIES}/{len(self._scripts)}"
        Path(f"{self._place}/{name}").write_bytes(content)
        self._scripts.append((path, name, executable))

    def _write(self, path: str, chunks: Iterable[bytes], *, executable: bool = False) -> float:
        """Write a read-only file, because all virtualenvs share it; return its time in seconds."""
        self._make(path.rpartition("/")[0])
        target = f"{self._tree}/{path}"
        mode = STORED_SCRIPT if executable else STORED_FILE
        try:
            file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        except FileExistsError:  # bytecode of the wheel
            os.unlink(target)
            self._files = [each for each in self._files if each[0] != path]
            return self._write(path, chunks, executable=executable)
        try:
            for chunk in chunks:
                while chunk:
                    chunk = chunk[os.write(file, chunk) :]
            status = os.fstat(file)
            if status.st_mode & 0o7777 != mode:  # the directory has a default ACL
                os.fchmod(file, mode)
        finally:
            os.close(file)
        self._files.append((path, status.st_size, status.st_mtime_ns, mode, status.st_ino))
        return status.st_mtime_ns / 1e9

    def _compile(self, path: str, content: bytes, mtime: float) -> None:
        shown_as = path.removeprefix(self._layout.site + "/")
        code = bytecode.compile_source(content, shown_as, mtime=mtime)
        if code is not None:
            target = bytecode.path_of(path)
            self._write(target, [code])
            self._rows[target] = ("", "")
            self._bytecode[self._from_site(target)] = bytecode.fingerprint(code)

    def _make(self, folder: str) -> None:
        missing = []
        while folder not in self._made:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for each in reversed(missing):
            os.mkdir(f"{self._tree}/{each}")
            self._made.add(each)

    def _finish(self) -> None:
        info = f"{self._layout.site}/{self._wheel.dist_info}"
        for name, content in (("INSTALLER", INSTALLER), ("REQUESTED", b"")):
            self._rows[f"{info}/{name}"] = record_row(content)
            self._write(f"{info}/{name}", [content])
        self._rows[f"{info}/RECORD"] = ("", "")
        rows = sorted((self._from_site(path), *rest) for path, rest in self._rows.items())
        if self._scripts:  # installing adds their rows
            Path(f"{self._place}/{RECORD}").write_bytes(format_record(rows))
        else:
            self._write(f"{info}/RECORD", [format_record(rows)])
        Index.of(
            self._made,
            self._files,
            record=f"{info}/RECORD",
            scripts=self._scripts,
            bytecode=bytecode.digest(self._bytecode),
            parts=self._parts(),
        ).write(self._place)

    def _from_site(self, path: str) -> str:
        site = self._layout.site
        return (
            path.removeprefix(f"{site}/")
            if path.startswith(f"{site}/")
            else (os.path.relpath(path, site))
        )

    def _parts(self) -> list[FileStamp]:
        paths = [RECORD, *(body for _, body, _ in self._scripts)] if self._scripts else []
        return [file_stamp(os.fspath(self._place), path) for path in paths]
