"""The sets: the dependency files of real projects, as data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import REPOSITORY

DATA = REPOSITORY / "tests/vendor/adopt/sets"


@dataclass(frozen=True, kw_only=True)
class RealSet:
    """The dependency files of one project.

    `python` is the version that the project asks for, and `lock` the program that locks it: uv,
    pipenv, poetry or none. `apps` are its Django apps that work without services, `debian` the
    packages of Debian that its tarballs are built with, and `git` has the package that each
    repository is made of.
    """

    name: str
    origin: str
    python: str
    lock: str = ""
    apps: tuple[str, ...] = ()
    debian: tuple[str, ...] = ()
    git: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        """The directory of the dependency files."""
        return DATA / self.name / "files"


def names() -> list[str]:
    """Return the names of the sets."""
    return sorted(path.parent.name for path in DATA.glob("*/set.toml"))


def read_set(name: str) -> RealSet:
    """Return a set."""
    table = tomllib.loads((DATA / name / "set.toml").read_text(encoding="utf-8"))
    lists = {key: tuple(table.pop(key, ())) for key in ("apps", "debian")}
    return RealSet(name=name, **table, **lists)
