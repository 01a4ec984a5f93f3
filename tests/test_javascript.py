"""The scripts of Rolf's pages, by node's own test runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).with_name("js")


# The mark `needs` would take it out of `make check`, where it belongs: it starts no server.
@pytest.mark.skipif(not shutil.which("node"), reason="needs node (Debian's nodejs)")
def test_javascript_passes_its_own_tests() -> None:
    files = sorted(path.name for path in SCRIPTS.glob("*.test.mjs"))
    assert files
    # In a zone with days of 23 and 25 hours.
    run = subprocess.run(
        ["node", "--test", *files],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "TZ": "Europe/Berlin"},
    )
    assert run.returncode == 0, run.stdout + run.stderr
