"""Virtualenvs for the build backends of tarballs: one for each set of build requirements."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock

from vendor_fetch.graph.metadata import requirement_text
from vendor_fetch.resolve.uv_run import SearchScope, Uv


class InstallFailed(Exception):
    """uv could not install the packages; the text is what it has printed."""


class Virtualenvs:
    """The virtualenvs in a directory. Tarballs with the same build requirements share one."""

    def __init__(
        self, directory: Path, project: Path, scope: SearchScope, build_requires: Sequence[str]
    ) -> None:
        self._directory = directory
        self._project = project
        self._scope = scope
        self._build_requires = build_requires
        self._pythons: dict[tuple[str, ...], str] = {}
        self._locks: defaultdict[tuple[str, ...], Lock] = defaultdict(Lock)
        self._lock = Lock()

    def python(self, wanted: Iterable[str]) -> str:
        """Return the interpreter of the virtualenv with the wanted packages. Raise InstallFailed."""
        key = tuple(sorted(wanted))
        with self._lock:
            lock = self._locks[key]
            number = len(self._locks)
        with lock:
            if key not in self._pythons:
                self._pythons[key] = self._create(key, self._directory / str(number))
            return self._pythons[key]

    def _create(self, wanted: Sequence[str], directory: Path) -> str:
        directory.mkdir(parents=True)
        uv = Uv(self._project, self._scope, directory, self._build_requires)
        requirements = directory / "requirements.txt"
        lines = [requirement_text(each) for each in wanted]
        if option := next((line for line in lines if line.startswith("-")), ""):
            raise InstallFailed(f"{option!r} is an option, not a requirement of a build")
        requirements.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")
        python = str(directory / "ve/bin/python")
        for words in (
            ("venv", "--quiet", "--clear", "--no-project", "--python", sys.executable),
            ("pip", "install", "--quiet", "--python", python, "-r", str(requirements)),
        ):
            rest = [str(directory / "ve")] if words[0] == "venv" else self._scope.arguments()
            run = uv.run(*words, *rest)
            if run.returncode:
                raise InstallFailed(run.stderr)
        return python
