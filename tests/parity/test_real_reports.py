"""The reports on real wheels: a valid SBOM with what wheels bring, and exports that installers take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from uv import find_uv_bin

from bootstrapper.ve.project import lockfile
from tests.support.real_wheels import fetch_into, real_wheels
from vendor_fetch.__main__ import main


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with the real wheels of wheels.txt."""
    directory = tmp_path_factory.mktemp("real")
    files = real_wheels()
    (directory / lockfile.SOURCE).mkdir(parents=True)
    fetch_into(directory, files)
    (directory / lockfile.APPS).write_text(lockfile.render(files))
    (directory / lockfile.TOOLS).write_text("")
    (directory / "requirements/apps.in").write_text(
        "".join(f"{file.distribution.name}\n" for file in files)
    )
    return directory


def test_sbom_of_real_wheels_is_valid(project: Path, tmp_path: Path) -> None:
    output = tmp_path / "sbom.json"
    assert main(["--project", str(project), "sbom", "--output", str(output)]) == 0
    text = output.read_text()
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert fault is None, fault
    components = json.loads(text)["components"]
    assert len(components) == len(real_wheels())
    # Wheels with Rust or bundled libraries in them bring SBOMs.
    assert sum(len(each.get("components", [])) for each in components) > 20
    assert sum("licenses" in each for each in components) > 0.9 * len(components)
    again = tmp_path / "again.json"
    assert main(["--project", str(project), "sbom", "--output", str(again)]) == 0
    assert again.read_bytes() == output.read_bytes()


def test_uv_and_pip_take_the_exports_of_real_wheels(project: Path, tmp_path: Path) -> None:
    for name, output in (("pylock", "pylock.toml"), ("requirements", "requirements.txt")):
        words = ["export", "--format", name, "--output", str(tmp_path / output)]
        assert main(["--project", str(project), *words]) == 0
    for command in (
        [find_uv_bin(), "venv", "--quiet", "--python", sys.executable, tmp_path / "ve"],
        [
            *(find_uv_bin(), "pip", "install", "--dry-run", "--offline", "--no-config"),
            *("--python", tmp_path / "ve/bin/python", "--requirement", tmp_path / "pylock.toml"),
        ],
        [
            *(sys.executable, "-m", "pip", "--isolated", "install", "--dry-run", "--no-deps"),
            *("--ignore-installed", "--no-index", "--require-hashes"),
            *("--find-links", project / lockfile.SOURCE, "-r", tmp_path / "requirements.txt"),
        ],
    ):
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
