"""/healthz while the database is locked or the worker stands still, and what pages then say."""

import json
import os
import signal
import sqlite3
from pathlib import Path

from tests.rolf.home import Home, running, until
from tests.rolf.visitor import ask

PUSH = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Stage
from pushes import asking
application = Application.objects.create(
    name="shop", category=Category.objects.create(name="sites"))
deployment = Deployment.objects.create(application=application, name="production")
Stage.objects.create(deployment=deployment, name="wait",
                     code="touch {begun}; until [ -e {file} ]; do sleep 0.05; done")
asking.push(deployment, User.objects.get())
"""
STANDS = "from pushes.models import Push; print(Push.objects.get().standing)"


def test_healthz_fails_while_the_database_is_locked(home: Home) -> None:
    with running(home) as rolf:
        with sqlite3.connect(home.current / "data/db.sqlite3", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            status, _, text = ask(rolf.address + "healthz")
            other.execute("ROLLBACK")
        other.close()
        assert (status, json.loads(text)["database"]) == (503, "not writable")
        assert until(lambda: rolf.get() == 200)


def test_a_push_of_a_silent_worker_is_not_lost(home: Home, tmp_path: Path) -> None:
    begun, file = tmp_path / "begun", tmp_path / "go-on"
    with running(home) as rolf:
        home.shell(PUSH.format(begun=begun, file=file))
        assert until(begun.exists)
        os.kill(rolf.worker, signal.SIGSTOP)
        try:
            assert until(lambda: rolf.get() == 503, 20)
            assert json.loads(ask(rolf.address + "healthz")[2])["worker"] == "none lives"
            assert home.shell(STANDS) == "running"
        finally:
            os.kill(rolf.worker, signal.SIGCONT)
        assert until(lambda: rolf.get() == 200)
        assert home.shell(STANDS) == "running"
        file.touch()
        assert until(lambda: home.shell(STANDS) == "succeeded")
