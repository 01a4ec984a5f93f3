"""deploy/systemd/: what the units run does what they rely on."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.processes import processes_of
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
        for line in processes_of(process.pid):
            os.kill(int(line.split()[0]), signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_a_unit_waits_as_long_as_pushes_may_take_to_end_and_signals_the_parent_alone(
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


def test_the_worker_beside_apache_ends_when_rolf_was_pushed_and_is_started_of_the_new_release(
    home: Home, rolf_project: Path
) -> None:
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
