import base64
import csv
import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest

from bootstrapper.errors import InputError
from vendor_fetch.template.own_wheel import build_wheel

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("setup.cfg", "pyproject.toml", "LICENSE", "README.md", "bootstrapper", "vendor_fetch")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, because pip builds inside it."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in PARTS:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(
                REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        elif (REPOSITORY / name).is_file():
            shutil.copy(REPOSITORY / name, copy)
    return copy


@pytest.fixture(scope="module")
def theirs(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip and setuptools make of it; setuptools comes from the user's index."""
    out = tmp_path_factory.mktemp("theirs")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            out,
            checkout,
        ],
        check=True,
    )
    return next(out.iterdir())


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name))


def modules(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.mark.parity
@pytest.mark.system
def test_wheel_equals_the_one_of_pip(checkout: Path, theirs: Path, tmp_path: Path) -> None:
    ours = build_wheel(checkout, tmp_path)
    assert ours.name == theirs.name
    assert modules(ours) == modules(theirs)
    for field in (
        "Name",
        "Version",
        "Summary",
        "Author",
        "Requires-Python",
        "Provides-Extra",
        "Description-Content-Type",
        "License-File",
    ):
        assert metadata(ours).get_all(field) == metadata(theirs).get_all(field), field

    def requirements(wheel: Path) -> set[str]:
        return {
            each.replace(" ", "").replace("'", '"')
            for each in metadata(wheel).get_all("Requires-Dist", [])
        }

    assert requirements(ours) == requirements(theirs)


def test_wheel_of_the_same_checkout_has_the_same_bytes(checkout: Path, tmp_path: Path) -> None:
    one = build_wheel(checkout, tmp_path / "one").read_bytes()
    copy = tmp_path / "elsewhere"
    shutil.copytree(checkout, copy)
    for path in copy.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o600)
    (copy / "bootstrapper/__pycache__").mkdir(exist_ok=True)
    (copy / "bootstrapper/__pycache__/errors.cpython-312.pyc").write_bytes(b"")
    assert build_wheel(copy, tmp_path / "two").read_bytes() == one


def test_record_of_the_wheel_is_right(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build_wheel(checkout, tmp_path)) as archive:
        names = archive.namelist()
        record = names[-1]
        assert record.endswith(".dist-info/RECORD")
        rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
        assert [row[0] for row in rows] == names
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            encoded = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            assert (digest, size) == (f"sha256={encoded.rstrip('=')}", str(len(content)))
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}


def test_bootstrapper_runs_from_the_wheel(checkout: Path, tmp_path: Path) -> None:
    wheel = build_wheel(checkout, tmp_path)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
            "import bootstrapper.ve.project.lockfile; print(bootstrapper.__file__)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(wheel))


def test_directory_without_setup_cfg_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no setup\.cfg"):
        build_wheel(tmp_path, tmp_path / "out")
