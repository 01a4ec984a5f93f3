"""A push that is killed, stopped or cut off: the target is free again, and the push knows."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.remote import host as module
from bootstrapper.deploy.remote import ssh as ssh_module
from bootstrapper.deploy.remote.hosts import RemoteHosts, read_host_state
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from tests.conftest import REPOSITORY
from tests.support.jobs import wait_for
from tests.support.ssh_server import SshServer, serve

# Their limits are short, and a machine that is busy looks like a cut connection.
pytestmark = [pytest.mark.needs("/usr/sbin/sshd", "ssh"), pytest.mark.alone]

ANNA = PushHolder(who="anna", machine="laptop", deployment="production", push="12")
BEN = PushHolder(who="ben", machine="desk", deployment="production", push="13")

# A push: it holds the target, forks as a supervisor does, has a stage at work on the shared
# connection, beats, and says when the target is lost.
PUSH = """
import os, subprocess, sys, time
from pathlib import Path
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.remote import host as remote
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
config, host, directory, remote.BEAT_EVERY, remote.ANSWER_WITHIN, remote.GIVE_UP_AFTER = (
    *sys.argv[1:4], *map(float, sys.argv[4:]))
holder = PushHolder(who="anna", machine="laptop", deployment="production", push="12")
with Ssh(Path(config)) as ssh, RemoteHosts(ssh, [host], directory, holder) as targets:
    child = os.fork() or time.sleep(600)
    stage = subprocess.Popen(["ssh", host, "echo; sleep 600"], stdout=subprocess.PIPE,
                             env={**os.environ, **ssh.environment(os.environ)})
    stage.stdout.read(1)
    print(child, flush=True)
    while not targets.lost():
        targets.beat()
        time.sleep(0.02)
    print(targets.lost(), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth and less of the real limits, in the same order."""
    for name, seconds in (("BEAT_EVERY", 0.2), ("ANSWER_WITHIN", 1.0), ("GIVE_UP_AFTER", 1.5)):
        monkeypatch.setattr(module, name, seconds)
    monkeypatch.setattr(ssh_module, "ALIVE_EVERY", 1)


@contextmanager
def push(server: SshServer, directory: Path, *limits: float) -> Iterator["subprocess.Popen[str]"]:
    """A push in a process of its own, which holds the target when this is entered."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PUSH,
            server.config,
            server.host,
            directory,
            *map(str, limits or (5, 20, 30)),
        ],
        cwd=REPOSITORY,
        text=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    child = int(process.stdout.readline())
    try:
        yield process
    finally:
        process.kill()
        os.kill(child, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        server.cut()  # the stage's ssh ends with its session


def lost(targets: RemoteHosts) -> str:
    targets.beat()
    return targets.lost()


def test_a_killed_push_leaves_the_target_free_at_once(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    with Ssh(ssh_server.config) as ssh:
        for _ in range(5):
            with push(ssh_server, tmp_path) as process:
                assert read_host_state(ssh, "production", str(tmp_path)).holder == ANNA
                process.kill()
                with RemoteHosts(ssh, ["production"], str(tmp_path), BEN) as targets:
                    assert targets.lost() == ""


def test_a_stopped_push_gives_the_target_up_and_knows_when_it_goes_on(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    with push(ssh_server, tmp_path, 0.2, 1, 1.5) as process, Ssh(ssh_server.config) as ssh:
        process.send_signal(signal.SIGSTOP)
        assert read_host_state(ssh, "production", str(tmp_path)).holder == ANNA
        wait_for(lambda: read_host_state(ssh, "production", str(tmp_path)).holder is None)
        with RemoteHosts(ssh, ["production"], str(tmp_path), BEN):
            process.send_signal(signal.SIGCONT)
            assert process.stdout
            assert process.stdout.readline() == (
                "production: the target heard nothing from here for 1.5 seconds and gave up the "
                "lock\n"
            )


@pytest.mark.usefixtures("shortened")
def test_a_push_that_lives_keeps_the_target(tmp_path: Path) -> None:
    with Ssh() as ssh, RemoteHosts(ssh, [HERE], str(tmp_path), ANNA) as targets:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            assert lost(targets) == ""
            time.sleep(0.02)
        assert read_host_state(ssh, HERE, str(tmp_path)).holder == ANNA


@pytest.mark.usefixtures("shortened")
def test_a_connection_without_a_directory_is_watched_as_well(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], "", ANNA) as targets:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            assert lost(targets) == ""
            time.sleep(0.02)
        ssh_server.cut()
        wait_for(lambda: lost(targets))


@pytest.mark.usefixtures("shortened")
def test_a_target_that_was_looked_at_too_late_is_lost(tmp_path: Path) -> None:
    with Ssh() as ssh:
        target = module.RemoteHost(ssh, HERE, str(tmp_path), ANNA)
        try:
            time.sleep(2)  # as a laptop that was closed just then
            wait_for(target.opened)
            assert target.lost()
        finally:
            target.agent.end_within(2)


def test_the_pusher_gives_up_well_before_the_target_does() -> None:
    assert module.BEAT_EVERY * 3 < module.ANSWER_WITHIN
    assert module.ANSWER_WITHIN + 10 <= module.GIVE_UP_AFTER


def test_a_killed_ssh_server_is_noticed_and_leaves_the_target_free(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    with Ssh(ssh_server.config) as ssh:
        with RemoteHosts(ssh, ["production"], str(tmp_path), ANNA) as targets:
            for pid in ssh_server.sshd_processes():
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: lost(targets))
            assert targets.lost().startswith("production: the connection was lost (")
            wait_for(lambda: read_host_state(ssh, "production", str(tmp_path)).holder is None)
        with RemoteHosts(ssh, ["production"], str(tmp_path), BEN):
            pass


def test_a_killed_agent_is_noticed(ssh_server: SshServer, tmp_path: Path) -> None:
    with (
        Ssh(ssh_server.config) as ssh,
        RemoteHosts(ssh, ["production"], str(tmp_path), ANNA) as targets,
    ):
        for pid in set(ssh_server.connections()) - set(ssh_server.sshd_processes()):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: lost(targets))


@pytest.mark.usefixtures("shortened")
def test_a_target_that_hangs_is_noticed(tmp_path: Path) -> None:
    with Ssh() as ssh, RemoteHosts(ssh, [HERE], str(tmp_path), ANNA) as targets:
        (target,) = targets
        os.kill(target.agent.pid, signal.SIGSTOP)
        try:
            wait_for(lambda: lost(targets))
            assert "has not answered for" in targets.lost()
            with pytest.raises(module.WorkFailed, match="has not answered"):
                targets.append({"id": 1})
        finally:
            os.kill(target.agent.pid, signal.SIGCONT)


@pytest.fixture
def far(tmp_path: Path) -> Iterator[tuple[SshServer, Callable[[str], None]]]:
    """An sshd in a network of its own, and what sets its cable `up` and `down`.

    Root alone may make one.
    """
    name = f"far{secrets.token_hex(4)}"
    network = f"10.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}"

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)

    if (
        os.getuid()
        or subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True).returncode
    ):
        pytest.skip("needs root and iproute2")
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{network}.1/24", "dev", name)
        ip("link", "set", name, "up")
        ip("-n", name, "addr", "add", f"{network}.2/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        ip("-n", name, "link", "set", "lo", "up")
        with serve(
            tmp_path / "ssh",
            "production",
            address=f"{network}.2",
            prefix=("ip", "netns", "exec", name),
        ) as (server,):
            yield server, lambda state: ip("link", "set", name, state)
            server.cut()
    finally:
        ip("netns", "del", name)


@pytest.mark.usefixtures("shortened")
def test_a_cut_cable_frees_the_target_and_is_noticed_here(
    far: tuple[SshServer, Callable[[str], None]], tmp_path: Path
) -> None:
    server, cable = far
    site = tmp_path / "site"
    with (
        Ssh(server.config) as ssh,
        RemoteHosts(ssh, ["production"], str(site), ANNA) as targets,
        Ssh() as near,
    ):
        assert lost(targets) == ""
        cable("down")
        wait_for(lambda: lost(targets))
        wait_for(lambda: read_host_state(near, HERE, str(site)).holder is None)
        with RemoteHosts(near, [HERE], str(site), BEN):
            cable("up")
            assert targets.lost(), "what was lost stays lost"
            assert read_host_state(near, HERE, str(site)).holder == BEN


@pytest.mark.usefixtures("shortened")
def test_a_stage_on_a_cut_connection_ends_by_itself(
    far: tuple[SshServer, Callable[[str], None]],
) -> None:
    server, cable = far
    with Ssh(server.config) as ssh, RemoteHosts(ssh, ["production"], ""):
        stage = subprocess.Popen(
            ["ssh", "production", "sleep 600"],
            env={**os.environ, **ssh.environment(os.environ)},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                stage.wait(1)
            cable("down")
            assert stage.wait(10) == 255
        finally:
            stage.kill()
            stage.wait()
