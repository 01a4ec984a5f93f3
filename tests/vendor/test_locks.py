import itertools
import json
from pathlib import Path, PurePosixPath

import pytest

from bootstrapper.ve.project.lockfile import read
from bootstrapper.ve.standards.filename import Tarball
from vendor_fetch.project.target import Target

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = REPOSITORY / "locks"
ANSWERS = json.loads((REPOSITORY / "cookiecutter.json").read_text())
COMBINATIONS = list(
    itertools.product(ANSWERS["database"], ANSWERS["vendor_format"], ANSWERS["python_version"])
)


@pytest.mark.parametrize(("database", "vendor_format", "python"), COMBINATIONS)
def test_lock_of_each_answer_has_each_package_once(
    database: str, vendor_format: str, python: str
) -> None:
    environment = Target(python=python).environment
    for name in (f"apps-{database}-{vendor_format}.txt", f"tools-{database}-{vendor_format}.txt"):
        names = [
            file.distribution.name
            for file in read(LOCKS, PurePosixPath(name))
            if file.marker is None or file.marker.holds(environment)
        ]
        assert len(names) == len(set(names))
        assert "django" in names if name.startswith("apps") else "virtualenv" in names


def test_tarball_lock_has_django_as_tarball() -> None:
    found = [
        file.distribution
        for file in read(LOCKS, PurePosixPath("apps-sqlite-tarball.txt"))
        if file.distribution.name == "django"
    ]
    assert found
    assert all(isinstance(distribution, Tarball) for distribution in found)


def test_no_lock_has_an_address() -> None:
    locks = list(LOCKS.glob("*.txt"))
    assert locks
    for lock in locks:
        assert "://" not in lock.read_text()


def test_module_list_has_every_vendored_package() -> None:
    names = (LOCKS / "modules.txt").read_text().split()
    assert {"django", "bootstrapper", "vendor_fetch", "psycopg", "whitenoise", "pip"} <= set(names)
    assert names == sorted(names)
    assert all(name.isidentifier() for name in names)
