"""Write the files that differ in each virtualenv: scripts, and what depends on them."""

import os
from pathlib import Path

from bootstrapper.ve.install.tree import Tree
from bootstrapper.ve.python import bytecode
from bootstrapper.ve.python.interpreter import Interpreter, current_interpreter
from bootstrapper.ve.store.entry import NamedEntry
from bootstrapper.ve.system import modes
from bootstrapper.ve.wheel import script
from bootstrapper.ve.wheel.record import format_record, record_row


class GeneratedFiles:
    """Writes scripts, the RECORDs that list them, and bytecode of the scripts that are modules.

    `python` is the final path of the virtualenv's interpreter, for the scripts' first line.
    """

    def __init__(self, python: str, interpreter: Interpreter) -> None:
        self._shebang = script.shebang(python)
        self._interpreter = interpreter

    def write(self, tree: Tree, place: Path) -> None:
        """Write all of them into the virtualenv at `place`, which has none yet. Raise OSError."""
        modules: list[str] = []
        for part in tree.parts:
            if part.entry.index.scripts:
                wanted = {path for path, _, _ in tree.scripts[part.name]}
                modules += self._scripts(place, part, wanted)
        if modules:
            self._compile(place, modules)

    def _scripts(self, place: Path, part: NamedEntry, wanted: set[str]) -> list[str]:
        """Write the scripts and RECORD of one entry; return the scripts that are modules.

        pip compiles those, and so does this class.
        """
        entry, rows = part.entry, []
        base = os.path.dirname(os.path.dirname(entry.index.record))
        for path, body, executable in entry.index.scripts:
            content = self._shebang + entry.body(body)
            rows.append((os.path.relpath(path, base), *record_row(content)))
            if path in wanted:
                _write(place / path, content, modes.SCRIPT if executable else modes.FILE)
        modules = [path for path, _, _ in entry.index.scripts if path.endswith(".py")]
        rows += [(os.path.relpath(self._pyc(path), base), "", "") for path in modules]
        _write(place / entry.index.record, entry.record() + format_record(rows), modes.FILE)
        return [path for path in modules if path in wanted]

    def _compile(self, place: Path, paths: list[str]) -> None:
        if self._interpreter.bytecode != current_interpreter().bytecode:
            import subprocess  # rarely needed

            subprocess.run(
                [
                    self._interpreter.executable,
                    "-E",
                    "-P",
                    "-s",
                    "-S",
                    "-m",
                    "compileall",
                    "-q",
                    "-s",
                    place,
                    *(place / path for path in paths),
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            return
        for path in paths:
            source, mtime = (place / path).read_bytes(), (place / path).stat().st_mtime
            if code := bytecode.compile_source(source, path, mtime=mtime):
                target = place / self._pyc(path)
                target.parent.mkdir(exist_ok=True)
                target.unlink(missing_ok=True)  # bytecode of a file that this script replaces
                _write(target, code, modes.FILE)

    def _pyc(self, path: str) -> str:
        folder, name = os.path.split(path)
        tag = self._interpreter.bytecode.rpartition("-")[0]
        return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"


def _write(path: Path, content: bytes, mode: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with open(file, "wb") as stream:
        stream.write(content)
        os.fchmod(file, mode)
