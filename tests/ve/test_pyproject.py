"""Faults of pyproject.toml are reported with their place."""

from pathlib import Path

import pytest

from bootstrapper.errors import InputError
from bootstrapper.ve.project import project


def test_toml_fault_shows_line_and_column(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'é', \n")
    with pytest.raises(InputError) as error:
        project.read(tmp_path)
    assert error.value.where == "pyproject.toml:2"
    assert error.value.fault.splitlines()[1:] == ["    name = 'é', ", "              ^"]


def test_pyproject_not_in_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(InputError, match=r"pyproject\.toml: .*utf-8"):
        project.read(tmp_path)


def test_pyproject_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("\ufeff[project]\r\nname = 'x'\r\n", newline="")
    assert project.read(tmp_path) == {"project": {"name": "x"}}
