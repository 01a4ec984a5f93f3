"""A stage's commands on the target end with the push, before somebody else is let in."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrapper.deploy.remote import host as module
from bootstrapper.deploy.remote.ssh import Ssh
from tests.support.jobs import wait_for
from tests.support.pushers import hold
from tests.support.ssh_server import SshServer

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "setsid")

STUBBORN = "trap '' TERM INT HUP; echo $$ >{pid}; while :; do sleep 0.1; done"
KIND = "echo $$ >{pid}; sleep 600"
DAEMON = "setsid sh -c 'echo $$ >{pid}; exec sleep 600' >/dev/null 2>&1 </dev/null &"


def pid(path: Path) -> int:
    """The id that a command has printed; 0 if it has not yet."""
    return int(path.read_text() or 0) if path.exists() else 0


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def command(ssh: Ssh, text: str, path: Path) -> Iterator[int]:
    """A stage's command at work on the target, whose ssh here has been killed; its id there."""
    process = subprocess.Popen(
        ["ssh", "production", text.format(pid=path)],
        env={**os.environ, **ssh.environment(os.environ)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: pid(path), 10)
    finally:
        process.kill()
        process.wait()
    yield pid(path)


@pytest.mark.parametrize("text", [KIND, STUBBORN])
def test_a_command_has_ended_when_the_lock_is_free(
    ssh_server: SshServer, tmp_path: Path, text: str
) -> None:
    site = ssh_server.home / "site"
    with Ssh(ssh_server.config) as ssh, Ssh() as here:
        with (
            hold(ssh, site, host="production") as targets,
            command(ssh, text, tmp_path / "pid") as process,
        ):
            assert alive(process), "sshd lets it run"
            assert targets.lost() == ""
        with hold(here, site):  # which waits for that, as the one before it is on its way out
            assert not alive(process)


def test_a_command_can_be_ended_while_the_push_goes_on(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    with (
        Ssh(ssh_server.config) as ssh,
        Ssh(ssh_server.config) as other,
        hold(other, tmp_path / "other", host="production"),
        command(other, KIND, tmp_path / "others") as untouched,
        hold(ssh, tmp_path / "site", host="production") as targets,
        command(ssh, KIND, tmp_path / "pid") as process,
    ):
        targets.stop()
        assert not alive(process)
        assert alive(untouched), "it is another push's"
        targets.append({"id": 1})
        assert targets.lost() == ""


def test_a_proper_daemon_outlives_the_push(ssh_server: SshServer, tmp_path: Path) -> None:
    with (
        Ssh(ssh_server.config) as ssh,
        hold(ssh, tmp_path / "site", host="production"),
        command(ssh, DAEMON, tmp_path / "pid") as process,
    ):
        pass
    time.sleep(0.5)
    assert alive(process)
    os.kill(process, signal.SIGKILL)


def test_here_nothing_is_ended_that_is_not_the_push_s(ssh: Ssh, tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as sibling:
        with hold(ssh, tmp_path) as targets:
            targets.stop()
        assert sibling.poll() is None
        sibling.kill()


def test_commands_end_even_if_sshd_is_killed(
    ssh_server: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEAT_EVERY", 0.1)
    with (
        Ssh(ssh_server.config) as ssh,
        hold(ssh, tmp_path / "site", host="production") as targets,
        command(ssh, KIND, tmp_path / "pid") as process,
    ):
        for _ in range(20):  # the agent sees at each beat what runs
            targets.beat()
            time.sleep(0.05)
        for sshd in ssh_server.sshd_processes():
            os.kill(sshd, signal.SIGKILL)
        wait_for(lambda: not alive(process))
