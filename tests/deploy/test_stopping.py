"""What stops a push: the person who cancels it, a signal, a target that falls silent."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.journal.journal import FileJournal
from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.plan.plan import Stage
from bootstrapper.deploy.push.execution import StageDecision
from bootstrapper.deploy.push.push import Push
from tests.support.jobs import wait_for
from tests.support.pushes import plan
from tests.support.shop import HERE, open_shop


class SilentHost:
    """A session whose host falls silent."""

    def __init__(self, scratch: Path) -> None:
        self.account = Account()
        self.stage_environment = {"PATH": "/usr/bin:/bin"}
        self.scratch = scratch
        self.clock = PushClock()
        self.ticks = 0

    def lost(self) -> str:
        return (
            f"web1: the target has not answered for {self.ticks} seconds"
            if (self.ticks > 5)
            else ""
        )

    def tick(self) -> None:
        self.ticks += 1


class Canceller:
    """An observer that cancels the push before the host is found silent."""

    def __init__(self, session: SilentHost, who: str) -> None:
        self._session = session
        self._who = who

    def cancelled(self) -> str:
        return self._who if self._session.ticks > 3 else ""

    def show(self, event: object) -> None:
        pass

    def tick(self) -> None:
        pass

    def before(self, name: str, job: object, ended: object) -> StageDecision:
        return StageDecision.RUN


@pytest.mark.parametrize(
    ("who", "state", "reason"),
    [
        ("interrupted", State.CANCELLED, "interrupted"),
        ("", State.FAILED, "web1: the target has not answered for 6 seconds"),
    ],
)
def test_a_push_cancelled_while_ssh_hangs_is_cancelled(
    tmp_path: Path, who: str, state: State, reason: str
) -> None:
    code = "trap 'sleep 0.8; exit' INT; sleep 300"
    stage = Stage(name="hangs", recipe="hangs", language="shell", code=code, origin="hangs.sh")
    made = plan(user="anna", machine="laptop", stages=(stage,))
    journal = FileJournal.create(tmp_path, 1, made.snapshot(), {"01-hangs.sh": code})
    session = SilentHost(tmp_path)
    push = Push(made, journal, Canceller(session, who), session)
    result = push.run()
    assert (result.state, push.record.state, result.reason) == (state, state, reason)


def test_a_push_started_by_nohup_survives_its_terminal(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.define(stages=["wait"], settings=HERE)
    shop.recipe(
        "wait.sh", "# Waits\ncd ../../../..; touch started; until [ -e go ]; do sleep 0.02; done\n"
    )
    push = subprocess.Popen(
        ["nohup", *shop.command("deploy")],
        cwd=shop.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_for((shop.project / "started").exists)
    os.killpg(push.pid, signal.SIGHUP)
    (shop.project / "go").touch()
    printed, _ = push.communicate(timeout=30)
    assert (push.returncode, shop.record(1)["state"]) == (0, "succeeded"), printed


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_an_ignored_signal_stays_ignored(tmp_path: Path, number: signal.Signals) -> None:
    shop = open_shop(tmp_path)
    shop.define(stages=["wait"], settings=HERE)
    shop.recipe("wait.sh", "# Waits\nkill -$NUMBER $(ps -o ppid= -p $PPID); sleep 0.5\n")
    shop.define(stages=["wait"], settings=f'{HERE}\nNUMBER = "{int(number)}"')
    done = subprocess.run(
        shop.command("deploy"),
        cwd=shop.project,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    )
    assert (done.returncode, shop.record(1)["state"]) == (0, "succeeded"), done.stderr
