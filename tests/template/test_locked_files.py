"""pip, asked as if it ran with each Python of the template, accepts the files of every lock."""

import json
import subprocess
import sys
import tarfile
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

import pytest
from packaging.specifiers import SpecifierSet

from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile, read
from bootstrapper.ve.standards.filename import Tarball
from tests.conftest import REPOSITORY
from tests.support.shared import locked, shared_directory
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.download.fetch import fetch
from vendor_fetch.index.index import configured_index
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target

PYTHONS = json.loads((REPOSITORY / "cookiecutter.json").read_text())["python_version"]
# apps-sqlite-wheel.txt and tools-sqlite-wheel.txt are the lock "sqlite-wheel".
NAMES = sorted(lock.stem.partition("-")[2] for lock in (REPOSITORY / "locks").glob("apps-*.txt"))
# The oldest server (docs/reference.md).
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5", "manylinux1")


@pytest.mark.system
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", NAMES)
def test_pip_accepts_the_lock(
    name: str, python: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = shared_directory(tmp_path_factory) / "locked-files"
    directory.mkdir(exist_ok=True)
    files = fetched(name, Target(python=python), directory)
    wheels = [file for file in files if not isinstance(file.distribution, Tarball)]
    tarballs = [file for file in files if isinstance(file.distribution, Tarball)]
    assert "django" in {file.distribution.name for file in files}
    run = pip_install(wheels, directory, python, tmp_path)
    assert run.returncode == 0, run.stdout
    for wheel in wheels:
        version = wheel.path.name.split("-")[1]
        assert f"-{version}" in run.stdout.partition("Would install ")[2], run.stdout
    for file in tarballs:
        assert SpecifierSet(requires_python(directory / file.path)).contains(f"{python}.99")


@pytest.mark.system
def test_pip_refuses_a_wheel_of_another_python(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = shared_directory(tmp_path_factory) / "locked-files"
    directory.mkdir(exist_ok=True)
    files = fetched("rolf-wheel", Target(python="3.14"), directory)
    run = pip_install(files, directory, "3.13", tmp_path)
    assert run.returncode != 0
    assert "is not a supported wheel on this platform" in run.stdout


def fetched(name: str, target: Target, directory: Path) -> list[LockedFile]:
    """Return the files that a target needs of both locks of a name, once they are there."""
    locks = (PurePosixPath(f"locks/{kind}-{name}.txt") for kind in ("apps", "tools"))
    files = {
        file.path: file
        for lock in locks
        for file in files_for_target(read(REPOSITORY, lock), target)
    }
    with locked(directory / "lock"):
        fetch(
            files.values(),
            project=VendorProject(directory=directory, targets=(target,)),
            cache=Cache(cache_directory()),
            index=configured_index(REPOSITORY),
            progress=Progress(),
        )
    return list(files.values())


def pip_install(
    files: list[LockedFile], directory: Path, python: str, scratch: Path
) -> "subprocess.CompletedProcess[str]":
    """Run `pip install --dry-run` as if pip ran with a Python on the oldest server."""
    # Without markers: pip evaluates them for the Python that runs it.
    lines = [f"{directory / file.path} --hash=sha256:{file.sha256[0]}\n" for file in files]
    requirements = scratch / "requirements.txt"
    requirements.write_text("".join(lines))
    abi = f"cp{python.replace('.', '')}"
    tags = ("--implementation", "cp", "--abi", abi, "--abi", "abi3", "--abi", "none")
    platforms = (word for name in PLATFORMS for word in ("--platform", f"{name}_x86_64"))
    return subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"),
            *("--dry-run", "--no-index", "--no-deps", "--require-hashes", "--only-binary", ":all:"),
            *("--python-version", python, *tags, *platforms),
            *("--target", scratch / "target", "-r", requirements),
        ],
        text=True,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def requires_python(tarball: Path) -> str:
    """Return `Requires-Python` of a tarball; empty if it does not say."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            if member.name.count("/") == 1 and member.name.endswith("/PKG-INFO"):
                content = archive.extractfile(member)
                assert content
                fields = BytesParser().parse(content, headersonly=True)
                return str(fields.get("Requires-Python", ""))
    raise AssertionError(f"{tarball} has no PKG-INFO")
