"""Rolf in this repository, before `make rolf`: nothing is vendored."""

import shutil
import subprocess
from pathlib import Path

from tests.rolf.test_drift import ROLF


def test_a_rolf_without_its_files_names_the_command_that_gets_them(tmp_path: Path) -> None:
    (tmp_path / "rolf").mkdir()
    script = shutil.copy(ROLF / "bootstrap.py", tmp_path / "rolf")
    run = subprocess.run([script], capture_output=True, text=True)
    assert (run.returncode, " checkout -- 'requirements/src/" in run.stderr) == (1, True), (
        "a shop's copy"
    )
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/rolf_files.py").touch()
    run = subprocess.run([script], capture_output=True, text=True)
    assert (run.returncode, f"next: make -C {tmp_path} rolf" in run.stderr) == (1, True)
