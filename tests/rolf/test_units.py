"""deploy/systemd/: what the units run does what they rely on."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.processes import kill_session
from tests.support.rolf_home import PATIENCE, Home, environment, until

UNITS = sorted((REPOSITORY / "rolf/deploy/systemd").glob("*.service"))
LIVING = (
    "from pushes.models import Worker; print(Worker.objects.heard().filter(ended=None).count())"
)


def settings_of(unit: Path) -> dict[str, str]:
    """The lines of a unit."""
    return dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE))


def test_files_that_root_reads_are_copied_not_linked() -> None:
    files = [*UNITS, *(REPOSITORY / "rolf/apache").glob("*.conf")]
    assert len(files) >= 4
    for file in files:
        text = file.read_text()
        assert not re.search(r"\bln -s|\blink it\b", text), file
        assert "Root installs a copy of this file" in text, file


@contextmanager
def started(home: Home, unit: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run what a unit runs, in the place of /var/www/rolf."""
    settings = settings_of(REPOSITORY / "rolf/deploy/systemd" / unit)
    here = {
        name: text.replace("/var/www/rolf/current", str(home.current))
        for name, text in settings.items()
    }
    process = subprocess.Popen(
        shlex.split(here["ExecStart"]),
        cwd=here["WorkingDirectory"],
        env=environment(),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill_session(process.pid)
        process.wait()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_a_unit_waits_for_pushes_and_signals_the_parent_only(
    unit: Path, rolf_project: Path
) -> None:
    settings = settings_of(unit)
    asked = (
        "from worker.management.commands.worker import GRACE; "
        "from worker.process import PATIENCE; print(GRACE + PATIENCE)"
    )
    reported = subprocess.run(
        ["./manage.py", "shell", "-v0", "-c", asked],
        cwd=rolf_project,
        env=environment(),
        text=True,
        capture_output=True,
        check=True,
    )
    assert float(settings["TimeoutStopSec"]) > float(reported.stdout)
    assert settings["KillMode"] == "mixed"
    assert settings["Restart"] == "always"


def test_a_push_of_rolf_restarts_the_worker_beside_apache(home: Home, rolf_project: Path) -> None:
    home.release("2", rolf_project)
    with started(home, "rolf-worker.service") as worker:
        assert until(lambda: home.shell(LIVING) == "1")
        home.switch("2")
        assert worker.wait(PATIENCE) == 0
    with started(home, "rolf-worker.service") as worker:
        assert until(lambda: home.shell(LIVING) == "1")
        assert Path(f"/proc/{worker.pid}/cwd").readlink() == home.directory / "releases/2"
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
    assert home.shell(LIVING) == "0"
