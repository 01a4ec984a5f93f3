"""Unpacking a wheel into an entry of the store: its files as a ve has them, and their bytecode."""

import base64
import csv
import hashlib
import io
import os
from pathlib import Path

from bootstrapper.ve import bytecode, script
from bootstrapper.ve.entry import BODIES, RECORD, TREE, Index
from bootstrapper.ve.layout import Layout
from bootstrapper.ve.wheel import EntryPoint, WheelFile

INSTALLER = b"bootstrapper\n"


class Unpacking:
    """One wheel on its way into the store.

    `place` is the entry's directory, which nobody else knows yet. Runs in the ve's own kind of
    interpreter, so that the bytecode fits. What depends on the ve (shebangs) is left to linking.
    """

    def __init__(self, wheel: WheelFile, place: Path, layout: Layout) -> None:
        self._wheel = wheel
        self._layout = layout
        self._place = place
        self._tree = f"{place}/{TREE}"
        self._rows: dict[str, tuple[str, str]] = {}
        self._made: set[str] = {""}
        self._files: list[tuple[str, int, int]] = []
        self._scripts: list[tuple[str, str, bool]] = []

    def run(self) -> None:
        """Write every file, the bytecode, and what PEP 376 asks for; the index last.

        Raises WorkFailed: the wheel contradicts its own RECORD. Raises OSError.
        """
        for folder in (TREE, BODIES):
            os.mkdir(f"{self._place}/{folder}")
        recorded = {path: (digest, size) for path, digest, size in self._wheel.record}
        places = self._layout.places(self._wheel).items()
        # Bytecode that a wheel brings gives way to ours, so it comes first.
        for path, source in sorted(places, key=lambda place: not place[0].endswith(".pyc")):
            if isinstance(source, EntryPoint):
                self._body(path, script.entry_point(source), executable=True)
                continue
            content = self._wheel.read(source.name)
            row = recorded.get(source.name, ("", ""))
            self._verify(source.name, content, row[0])
            if source.key == "scripts" and script.wants_interpreter(content):
                self._body(path, script.without_shebang(content), executable=source.executable)
                continue
            self._rows[path] = row
            mtime = self._write(path, content, executable=source.executable)
            if path.endswith(".py"):
                self._compile(path, content, mtime)
        self._finish()

    def _verify(self, name: str, content: bytes, recorded: str) -> None:
        algorithm, equals, _ = recorded.partition("=")
        if equals and algorithm in hashlib.algorithms_guaranteed \
                and digest(content, algorithm) != recorded:
            raise self._wheel.fault(f"{name} in it is not what its RECORD says")

    def _body(self, path: str, content: bytes, *, executable: bool) -> None:
        """Keep a script without its first line, which will name the ve's Python."""
        name = f"{BODIES}/{len(self._scripts)}"
        Path(f"{self._place}/{name}").write_bytes(content)
        self._scripts.append((path, name, executable))

    def _write(self, path: str, content: bytes, *, executable: bool = False) -> float:
        """Write a file that nobody may change, as all ves share it; returns its time, seconds."""
        self._make(os.path.dirname(path))
        target = f"{self._tree}/{path}"
        try:
            file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW,
                           0o555 if executable else 0o444)
        except FileExistsError:  # bytecode that the wheel brought
            os.unlink(target)
            self._files = [each for each in self._files if each[0] != path]
            return self._write(path, content, executable=executable)
        with open(file, "wb", buffering=0) as stream:
            left = memoryview(content)
            while left:
                left = left[stream.write(left):]
            status = os.fstat(file)
        self._files.append((path, status.st_size, status.st_mtime_ns))
        return status.st_mtime_ns / 1e9

    def _compile(self, path: str, content: bytes, mtime: float) -> None:
        shown_as = path.removeprefix(self._layout.site + "/")
        code = bytecode.compiled(content, shown_as, mtime=mtime)
        if code is not None:
            target = bytecode.path_of(path)
            self._write(target, code)
            self._rows[target] = ("", "")

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            self._make(os.path.dirname(folder))
            os.mkdir(f"{self._tree}/{folder}")
            self._made.add(folder)

    def _finish(self) -> None:
        info = f"{self._layout.site}/{self._wheel.dist_info}"
        for name, content in (("INSTALLER", INSTALLER), ("REQUESTED", b"")):
            self._rows[f"{info}/{name}"] = row(content)
            self._write(f"{info}/{name}", content)
        self._rows[f"{info}/RECORD"] = ("", "")
        rows = sorted((os.path.relpath(path, self._layout.site), *rest)
                      for path, rest in self._rows.items())
        if self._scripts:  # linking adds their rows
            Path(f"{self._place}/{RECORD}").write_bytes(record(rows))
        else:
            self._write(f"{info}/RECORD", record(rows))
        Index(record=f"{info}/RECORD", directories=sorted(self._made - {""}), files=self._files,
              scripts=self._scripts).write(self._place)


def record(rows: list[tuple[str, str, str]]) -> bytes:
    """Rows of a RECORD as pip writes them."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def row(content: bytes) -> tuple[str, str]:
    """What RECORD says of a file: digest and size."""
    return digest(content), str(len(content))


def digest(content: bytes, algorithm: str = "sha256") -> str:
    """A digest as RECORD has it: `sha256=` and URL-safe base64 without padding (PEP 376)."""
    value = hashlib.new(algorithm, content).digest()
    return f"{algorithm}=" + base64.urlsafe_b64encode(value).decode().rstrip("=")
