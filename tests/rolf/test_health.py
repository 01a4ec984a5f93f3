"""/readyz while the database is locked or the worker stands still, and what pages then say."""

import json
import os
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.support.rolf_home import Home, running, until
from tests.support.rolf_visitor import ask
from tests.support.small_disk import small_disk

PUSH = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Stage
from pushes import services
application = Application.objects.create(
    name="shop", category=Category.objects.create(name="sites"))
deployment = Deployment.objects.create(application=application, name="production")
Stage.objects.create(deployment=deployment, name="wait",
                     code="touch {begun}; until [ -e {file} ]; do sleep 0.05; done")
services.queue_push(deployment, User.objects.get())
"""
STATE = "from pushes.models import Push; print(Push.objects.get().effective_state)"


def test_readyz_fails_while_the_database_is_locked(home: Home) -> None:
    with running(home) as rolf:
        with sqlite3.connect(home.current / "data/db.sqlite3", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            status, _, text = ask(rolf.address + "readyz")
            other.execute("ROLLBACK")
        other.close()
        assert (status, json.loads(text)["database"]) == (503, "not writable")
        assert until(lambda: rolf.get() == 200)


def test_readyz_fails_while_the_disk_is_full(home: Home, tmp_path: Path) -> None:
    data, filler = home.directory / "shared/data", home.directory / "shared/data/filler"
    shutil.copytree(data, tmp_path / "data")
    with small_disk(data, "20m"):
        shutil.copytree(tmp_path / "data", data, dirs_exist_ok=True)
        with running(home) as rolf:
            assert rolf.get() == 200
            with pytest.raises(OSError, match="No space left"), filler.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            assert until(lambda: rolf.get() == 503)
            assert json.loads(ask(rolf.address + "readyz")[2])["database"] == "not writable"
            filler.unlink()
            assert until(lambda: rolf.get() == 200)
            home.shell(PUSH.format(begun=tmp_path / "begun", file="/dev/null"))
            assert until(lambda: home.shell(STATE) == "succeeded")


def test_a_push_of_a_silent_worker_is_not_lost(home: Home, tmp_path: Path) -> None:
    begun, file = tmp_path / "begun", tmp_path / "go-on"
    with running(home) as rolf:
        home.shell(PUSH.format(begun=begun, file=file))
        assert until(begun.exists)
        os.kill(rolf.worker, signal.SIGSTOP)
        try:
            assert until(lambda: rolf.get() == 503, 20)
            assert json.loads(ask(rolf.address + "readyz")[2])["worker"] == "none lives"
            assert home.shell(STATE) == "running"
        finally:
            os.kill(rolf.worker, signal.SIGCONT)
        assert until(lambda: rolf.get() == 200)
        assert home.shell(STATE) == "running"
        file.touch()
        assert until(lambda: home.shell(STATE) == "succeeded")
