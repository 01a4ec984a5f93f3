"""A push whose processes were stopped: Cancel and time-outs end it all the same."""

from pathlib import Path

import pytest

from tests.support.rolf_home import Home, running, until

# STOPS stops every process above it but the worker, again and again, and never ends.
FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Stage
from pushes import services
application = Application.objects.create(
    name="shop", category=Category.objects.create(name="sites"))
deployment = Deployment.objects.create(application=application, name="production",
                                       timeout={timeout})
Stage.objects.create(deployment=deployment, name="stop", code={code!r})
print(services.queue_push(deployment, User.objects.get()).pk)
"""
SUPERVISOR = """
echo $$ > {file}
trap '' TERM INT
kill -STOP $PPID
sleep 987
"""
CHILD = """
echo $$ > {file}
kill -STOP $(ps -o ppid= -p $PPID)
sleep 987
"""
AGAIN = """
echo $$ > {file}
trap '' TERM INT
while :; do kill -STOP $(ps -o ppid= -p $PPID) $PPID; sleep 0.01; done
"""
CANCEL = """
from accounts.models import User
from pushes import services
from pushes.models import Push
services.cancel(Push.objects.get(pk={push}), User.objects.get())
"""
STATE = """
from pushes.models import Push
push = Push.objects.get(pk={push})
print(push.state, "|", push.record["stages"][0]["state"], "|", push.reason)
"""


@pytest.mark.parametrize(
    "code", [SUPERVISOR, CHILD, AGAIN], ids=["its supervisor", "the push", "both, again and again"]
)
def test_cancel_ends_a_push_that_was_stopped(home: Home, tmp_path: Path, code: str) -> None:
    file = tmp_path / "pid"
    with running(home) as rolf:
        worker = rolf.worker
        push = home.shell(FILL.format(timeout=None, code=code.format(file=file)))
        assert until(lambda: file.exists() and file.read_text())
        home.shell(CANCEL.format(push=push))
        assert until(lambda: "running" not in home.shell(STATE.format(push=push)).split("|")[0], 40)
        state, stage, reason = home.shell(STATE.format(push=push)).split(" | ")
        assert (state, stage) == ("cancelled", "cancelled")
        assert reason.startswith("cancelled by admin")
        assert until(lambda: not Path(f"/proc/{file.read_text().strip()}").exists())
        assert rolf.worker == worker


@pytest.mark.parametrize(
    "code", [SUPERVISOR, CHILD, AGAIN], ids=["its supervisor", "the push", "both, again and again"]
)
def test_a_time_out_ends_a_push_that_was_stopped(home: Home, tmp_path: Path, code: str) -> None:
    file = tmp_path / "pid"
    with running(home):
        push = home.shell(FILL.format(timeout=2, code=code.format(file=file)))
        assert until(lambda: file.exists() and file.read_text())
        assert until(lambda: "running" not in home.shell(STATE.format(push=push)).split("|")[0], 90)
        state, stage, reason = home.shell(STATE.format(push=push)).split(" | ")
        assert (state, stage) == ("failed", "failed")
        assert "timed out" in reason
        assert until(lambda: not Path(f"/proc/{file.read_text().strip()}").exists())
