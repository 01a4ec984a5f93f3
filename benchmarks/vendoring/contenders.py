"""The commands that are measured: ours, pip's and uv's, each as its users run it."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from benchmarks.contender import Contender
from benchmarks.subject import REPOSITORY, REQUIREMENTS
from benchmarks.vendoring.projects import forget_vendored

OURS_WARM = "vendor_fetch sync, warm"
PIP_WARM = "pip download, warm"
UV_WARM = "uv pip compile, warm"
OURS_COLD = "vendor_fetch sync, cold"
OURS_NINE = "vendor_fetch sync of 9 targets, cold"
PIP_COLD = "pip download, cold"
CHECK = "vendor_fetch check"
SHA256 = "sha256 of the files"
UPGRADE = "vendor_fetch upgrade of one package, warm"

_HASHING = """
import hashlib, sys
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        hashlib.file_digest(file, "sha256").hexdigest()
"""


@dataclass(frozen=True, kw_only=True)
class Vendoring(Contender):
    """Before each run, `forgets` are removed and `before` is called, both not measured."""

    forgets: Sequence[Path] = ()
    before: Callable[[], None] = field(default=lambda: None)

    def prepare(self) -> None:
        """Forget, and let the disk come to rest."""
        for path in self.forgets:
            shutil.rmtree(path, ignore_errors=True)
        self.before()
        super().prepare()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where everybody works: a `scratch` directory, the index, and an up-to-date `pip`."""

    scratch: Path
    index: str
    pip: Path

    def caches(self, name: str) -> dict[str, Path]:
        """Return the variables that name somebody's own caches."""
        variables = ("VENDOR_FETCH_CACHE", "UV_CACHE_DIR", "PIP_CACHE_DIR")
        return {each: self.scratch / f"cache-{name}" / each.lower() for each in variables}

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a tool that knows the index and nothing of the user's."""
        return {
            "HOME": str(self.scratch),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.index,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            **{variable: str(path) for variable, path in self.caches(name).items()},
        }

    def ours(
        self,
        title: str,
        project: Path,
        *words: str,
        caches: str = "ours",
        cold: bool = False,
        before: Callable[[], None] | None = None,
    ) -> Vendoring:
        """Return our command in a project. Without `before`, it starts without vendored files."""
        return Vendoring(
            title=title,
            # In the project, python -m would import what lies there.
            directory=REPOSITORY,
            commands=[[sys.executable, "-m", "vendor_fetch", "--project", project, "-q", *words]],
            environment=self.environment(caches),
            forgets=list(self.caches(caches).values()) if cold else [],
            before=before or (lambda: forget_vendored(project)),
        )

    def pip_download(self, title: str, *, caches: str = "pip", cold: bool = False) -> Vendoring:
        """Return `pip download` of the bench set into an empty directory."""
        wheelhouse = self.scratch / f"wheelhouse-{caches}"
        return Vendoring(
            title=title,
            directory=self.scratch,
            commands=[[self.pip, "download", "-q", "-d", wheelhouse, "-r", REQUIREMENTS]],
            environment=self.environment(caches),
            forgets=[wheelhouse, *(self.caches(caches).values() if cold else [])],
        )

    def uv_compile(self) -> Vendoring:
        """Return `uv pip compile` of the bench set: it resolves, and fetches no files."""
        lock = self.scratch / "uv.lock.txt"
        return Vendoring(
            title=UV_WARM,
            directory=self.scratch,
            commands=[
                [
                    *(find_uv_bin(), "pip", "compile", "-q", "--no-config"),
                    *("--default-index", self.index, REQUIREMENTS, "-o", lock),
                ]
            ],
            environment=self.environment("uv"),
            before=lambda: lock.unlink(missing_ok=True),
        )


def hashing(files: Sequence[Path]) -> Contender:
    """Return the hashing of files, one after the other, by the library that `check` uses."""
    return Contender(
        title=SHA256, directory=REPOSITORY, commands=[[sys.executable, "-c", _HASHING, *files]]
    )
