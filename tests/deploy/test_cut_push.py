"""A whole push whose connection is cut in the middle of a stage, in every way there is."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.remote.hosts import read_host_state
from bootstrapper.deploy.remote.ssh import Ssh
from tests.deploy.test_cut import far  # noqa: F401  a fixture
from tests.support.jobs import wait_for
from tests.support.processes import left
from tests.support.shop import STAGES, Shop, open_shop
from tests.support.ssh_server import SshServer

# Their limits are short, and a machine that is busy looks like a cut connection.
pytestmark = [pytest.mark.needs("/usr/sbin/sshd", "ssh"), pytest.mark.alone]

# The command line, with a tenth of the real limits, in the same order.
SHORTENED = """
import sys
from bootstrapper.deploy.remote import host, ssh
host.BEAT_EVERY, host.ANSWER_WITHIN, host.GIVE_UP_AFTER, ssh.ALIVE_EVERY = 0.3, 1.5, 3, 1
from bootstrapper.__main__ import main
sys.exit(main())
"""
LIMIT = 3.0


def shop_at(tmp_path: Path, server: SshServer) -> Shop:
    """Pushed once, to a target that ssh reaches; its next push stops at a stage that waits."""
    shop = open_shop(tmp_path)
    settings = f'REMOTE_HOST = "{server.host}"\nSSH_CONFIG = "{server.config}"'
    shop.define(settings=settings)
    assert shop.run("deploy").returncode == 0
    shop.recipe(
        "wait.sh",
        '# Waits there.\n[ ! -e "$GO" ] || exit 0\nssh "$REMOTE_HOST" "echo there; sleep 4321.5"\n',
    )
    shop.define(
        stages=[*STAGES[:4], "wait", STAGES[4]], settings=f'{settings}\nGO = "{tmp_path}/go"'
    )
    shop.commit("two")
    return shop


@contextmanager
def waiting(shop: Shop) -> Iterator["subprocess.Popen[str]"]:
    """A push that is at that stage."""
    with subprocess.Popen(
        [sys.executable, "-c", SHORTENED, "deploy"],
        cwd=shop.project,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as push:
        log = shop.project / ".deploy/pushes/2/output.log"
        try:
            wait_for(lambda: log.exists() and "there\n" in log.read_text())
            yield push
        finally:
            push.kill()


def holder(shop: Shop, server: SshServer) -> PushHolder | None:
    """Return who holds the lock at the target."""
    with Ssh(server.config) as ssh:
        return read_host_state(ssh, server.host, str(shop.live)).holder


def ends(shop: Shop, push: "subprocess.Popen[str]", server: SshServer, *reasons: str) -> None:
    """The push ends by itself and says why; no process is left, and the next push works."""
    out, err = push.communicate(timeout=30)
    assert push.returncode == 1, out + err
    assert any(reason in out for reason in reasons), out + err
    assert "production is as it was before" in out
    assert "Traceback" not in out + err
    assert shop.page() == "one"
    record = shop.record(2)
    assert record["state"] == "failed"
    assert [stage["state"] for stage in record["stages"]][:4] == ["succeeded"] * 4
    assert record["stages"][4]["state"] in ("failed", "cancelled")
    assert left(shop.project, [server.process.pid]) == []
    server.cut()  # where sshd itself was killed, nobody was left to end what it ran
    (Path(record["settings"]["GO"])).touch()
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == "two"
    states = [push["state"] for push in json.loads(shop.run("pushes", "--json").stdout)]
    assert states == ["succeeded", "failed", "succeeded"]


def test_a_push_that_slept_longer_than_the_target_waits_fails_when_it_wakes(
    tmp_path: Path, ssh_server: SshServer
) -> None:
    shop = shop_at(tmp_path, ssh_server)
    with waiting(shop) as push:
        push.send_signal(signal.SIGSTOP)
        wait_for(lambda: holder(shop, ssh_server) is None)
        push.send_signal(signal.SIGCONT)
        ends(shop, push, ssh_server, "gave up the lock", "has not answered")


def test_while_it_sleeps_another_push_gets_through_and_what_it_did_stays(
    tmp_path: Path, ssh_server: SshServer
) -> None:
    shop = shop_at(tmp_path, ssh_server)
    other = tmp_path / "other"
    subprocess.run(["cp", "-r", shop.project, other], check=True)
    subprocess.run(["rm", "-r", other / ".deploy"], check=True)
    with waiting(shop) as push:
        push.send_signal(signal.SIGSTOP)
        wait_for(lambda: holder(shop, ssh_server) is None)
        (tmp_path / "go").touch()
        run = shop.run("deploy", project=other)
        assert run.returncode == 0, run.stdout + run.stderr
        push.send_signal(signal.SIGCONT)
        push.communicate(timeout=30)
    assert push.returncode == 1
    assert os.readlink(shop.live / "current") == "releases/3"
    assert shop.record(2)["state"] == "failed"


def kill_sshd(server: SshServer) -> None:
    for pid in server.sshd_processes():
        os.kill(pid, signal.SIGKILL)


def kill_agent(server: SshServer) -> None:
    for pid in set(server.connections()) - set(server.sshd_processes()):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"sleep" not in words and b"echo there" not in words:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("kill", "reasons"),
    [
        pytest.param(SshServer.cut, ["the connection was lost", "exit status 255"], id="session"),
        pytest.param(kill_sshd, ["the connection was lost", "exit status 255"], id="sshd"),
        pytest.param(kill_agent, ["the connection was lost"], id="agent"),
    ],
)
def test_a_kill_at_the_target_fails_the_push(
    tmp_path: Path,
    ssh_server: SshServer,
    kill: Callable[[SshServer], None],
    reasons: list[str],
) -> None:
    shop = shop_at(tmp_path, ssh_server)
    with waiting(shop) as push:
        kill(ssh_server)
        ends(shop, push, ssh_server, *reasons)


def test_a_cable_that_is_cut_fails_the_push_and_frees_the_target(
    far: tuple[SshServer, Callable[[str], None]],  # noqa: F811
    tmp_path: Path,
) -> None:
    server, cable = far
    shop = shop_at(tmp_path, server)
    with waiting(shop) as push:
        cable("down")
        wait_for(lambda: push.poll() is not None)
        cable("up")
        ends(shop, push, server, "has not answered", "the connection was lost")


def test_a_cable_that_is_cut_for_a_moment_only_does_no_harm(
    far: tuple[SshServer, Callable[[str], None]],  # noqa: F811
    tmp_path: Path,
) -> None:
    server, cable = far
    shop = shop_at(tmp_path, server)
    with waiting(shop) as push:
        cable("down")
        time.sleep(0.5)
        cable("up")
        time.sleep(2 * LIMIT)
        assert push.poll() is None
        push.send_signal(signal.SIGINT)
        push.communicate(timeout=30)
    assert push.returncode == 130
    assert shop.record(2)["state"] == "cancelled"
    server.cut()
