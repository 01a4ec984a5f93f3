"""Installing one wheel into a ve, to the byte as pip does it (PEP 427, PEP 376)."""

import base64
import csv
import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from bootstrapper.ve import bytecode, script
from bootstrapper.ve.layout import Layout, Source
from bootstrapper.ve.wheel import EntryPoint, WheelFile

INSTALLER = b"bootstrapper\n"


class Installation:
    """One wheel on its way into a ve that is being built.

    `place` is the directory where the ve is built; `python` is the interpreter's path where it
    will live, which goes into the scripts. Runs in the ve's own kind of interpreter, so that the
    bytecode fits.
    """

    def __init__(self, wheel: WheelFile, place: Path, layout: Layout, python: str) -> None:
        self._wheel = wheel
        self._place = place
        self._layout = layout
        self._python = python
        self._rows: dict[str, tuple[str, str]] = {}
        self._made: set[str] = set()

    def run(self, overridden: Collection[str]) -> None:
        """Write every file but the `overridden` ones, the bytecode, and RECORD last.

        Raises WorkFailed: the wheel contradicts its own RECORD, or wants to replace a file of
        the ve itself. Raises OSError.
        """
        recorded = {path: (digest, size) for path, digest, size in self._wheel.record}
        places = self._layout.places(self._wheel).items()
        # Bytecode that a wheel brings gives way to ours, so it comes first.
        for path, source in sorted(places, key=lambda place: not place[0].endswith(".pyc")):
            if isinstance(source, EntryPoint):
                content = script.entry_point(source, self._python)
                self._rows[path] = _row(content)
            else:
                content = self._wheel.read(source.name)
                self._rows[path] = recorded.get(source.name, ("", ""))
                self._verify(source.name, content, self._rows[path][0])
                if source.key == "scripts" and script.wants_interpreter(content):
                    content = script.with_interpreter(content, self._python)
                    self._rows[path] = _row(content)
            if path not in overridden:
                self._write(path, source, content)
        self._finish()

    def _verify(self, name: str, content: bytes, digest: str) -> None:
        algorithm, equals, _ = digest.partition("=")
        if equals and algorithm in hashlib.algorithms_guaranteed:
            actual = _digest(content, algorithm)
            if actual != digest:
                raise self._wheel.fault(f"{name} in it is not what its RECORD says")

    def _write(self, path: str, source: Source, content: bytes) -> None:
        target = os.path.join(self._place, path)
        folder = os.path.dirname(target)
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        try:
            # Never over or through what is there: virtualenv's bin/python leads to the system's.
            file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        except FileExistsError:
            raise self._wheel.fault(f"{path} in it would replace a file of the ve itself") from None
        with open(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            status = os.fstat(file)
            if isinstance(source, EntryPoint):
                os.fchmod(file, status.st_mode | 0o555)  # as distlib does, whatever the umask
            elif source.executable:
                os.fchmod(file, status.st_mode | 0o111)  # as pip does
        if path.endswith(".py"):
            self._compile(path, content, status.st_mtime)

    def _compile(self, path: str, content: bytes, mtime: float) -> None:
        shown_as = path.removeprefix(self._layout.site + "/")
        code = bytecode.compiled(content, shown_as, mtime=mtime)
        if code is None:
            return
        target = bytecode.path_of(path)
        folder = os.path.join(self._place, os.path.dirname(target))
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)
        with open(os.path.join(self._place, target), "wb") as stream:
            stream.write(code)
        self._rows[target] = ("", "")

    def _finish(self) -> None:
        """Write what PEP 376 asks for: who installed it, that it was asked for, and RECORD."""
        info = f"{self._layout.site}/{self._wheel.dist_info}"
        for name, content in (("INSTALLER", INSTALLER), ("REQUESTED", b"")):
            path = f"{info}/{name}"
            with open(os.path.join(self._place, path), "wb") as stream:
                stream.write(content)
            self._rows[path] = _row(content)
        self._rows[f"{info}/RECORD"] = ("", "")
        rows = sorted((os.path.relpath(path, self._layout.site), *row)
                      for path, row in self._rows.items())
        with open(os.path.join(self._place, info, "RECORD"), "w",
                  encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)


def _row(content: bytes) -> tuple[str, str]:
    return _digest(content), str(len(content))


def _digest(content: bytes, algorithm: str = "sha256") -> str:
    """A digest as RECORD has it: `sha256=` and URL-safe base64 without padding."""
    digest = hashlib.new(algorithm, content).digest()
    return f"{algorithm}=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


