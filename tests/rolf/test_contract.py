"""The import contract of Rolf covers all of Rolf, and can be broken."""

import os
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

from tests.rolf.test_drift import ROLF

CONTRACT = ROLF / ".importlinter"


def test_every_application_is_in_the_contract() -> None:
    contract = ConfigParser()
    contract.read(CONTRACT)
    packages = {path.parent.name for path in ROLF.glob("*/__init__.py")}
    assert {*contract["importlinter"]["root_packages"].split()} == {
        *packages,
        "bootstrapper",
        "vendor_fetch",
    }
    engine = contract["importlinter:contract:engine"]
    assert {*engine["forbidden_modules"].split()} == packages


def test_a_page_that_calls_the_worker_breaks_the_contract(tmp_path: Path) -> None:
    for package in ROLF.glob("*/__init__.py"):
        shutil.copytree(package.parent, tmp_path / package.parent.name)
    shutil.copy(CONTRACT, tmp_path)
    with (tmp_path / "pushes/views/deployment.py").open("a") as page:
        page.write("import worker.process\n")
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": ""},
    )
    assert run.returncode == 1
    assert "pushes.views.deployment -> worker.process" in run.stdout
    assert "5 kept, 1 broken" in run.stdout
