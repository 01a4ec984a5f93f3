"""The dependency files of real projects go from their own form to a page.

`make reliability-adopting` does so with all sets.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reliability.adopting.sets import read_set
from reliability.adopting.walk import Walk
from tests.support.site import PYTHON_VERSION
from vendor_fetch.adopt.adoption import adopt
from vendor_fetch.adopt.dependency_files import find_files, read_files


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that Apache's user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="adopting-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.timeout(600)
@pytest.mark.needs("apache2", "unshare")
def test_set_of_pipenv_is_served_by_apache(directory: Path) -> None:
    real = read_set("babybuddy")
    assert real.python == PYTHON_VERSION  # Debian's mod_wsgi is for this Python
    row = Walk(real=real, scratch=directory / "set", programs=directory / "programs").walk()
    assert row["faults"] == []
    assert [line for line in row["deviations"] if "nothing asks for it" not in line] == []
    assert {"init cold", "rebuild", "runserver", "apache"} <= row.keys()


@pytest.mark.timeout(600)
@pytest.mark.needs("unshare")
def test_set_of_uv_is_served_by_runserver(directory: Path) -> None:
    walk = Walk(
        real=read_set("peering-manager"),
        scratch=directory / "set",
        programs=directory / "programs",
    )
    row = walk.walk(with_apache=False)
    assert row["faults"] == []
    assert [line for line in row["deviations"] if "nothing asks for it" not in line] == []


@pytest.mark.parametrize("name", ["netbox", "djangoproject"])
def test_every_line_of_a_list_is_taken(name: str) -> None:
    files = read_set(name).files
    rows = adopt(read_files(find_files(files).read, files, ())).rows
    assert {row.outcome for row in rows} == {"taken"}
