"""What else happens to a worker: it is held to be dead, or its database is away for a while."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.rolf_home import Home, Running, running, until

FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Stage
User.objects.create_superuser("boss", password="open sesame 12")
shop = Application.objects.create(name="shop", category=Category.objects.create(name="Sites"))
Stage.objects.create(deployment=Deployment.objects.create(application=shop, name="production"),
                     name="wait", code={code!r})
"""
PUSH = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
print(services.queue_push(Deployment.objects.get(), User.objects.get()).pk)
"""
WAIT = 'echo begun; until [ -e "{file}" ]; do sleep 0.05; done; echo done'


class Shop:
    """A deployment whose only stage waits for a file."""

    def __init__(self, home: Home, file: Path) -> None:
        self.home = home
        self.file = file
        home.shell(FILL.format(code=WAIT.format(file=file)))

    @property
    def database(self) -> Path:
        return self.home.current / "data/db.sqlite3"

    def push(self) -> str:
        """Ask for one, and wait until its stage has begun."""
        push = self.home.shell(PUSH)
        assert until(
            lambda: self.ask("SELECT log_lines FROM pushes_push WHERE id = ?", push) == 1
        ), self.state(push)
        return push

    def push_through(self) -> str:
        """Ask for one that need not wait, and wait for its end."""
        push = self.home.shell(PUSH)
        assert until(lambda: self.state(push) not in ("queued", "running")), self.state(push)
        return push

    def state(self, push: str) -> object:
        return self.ask("SELECT state FROM pushes_push WHERE id = ?", push)

    def ask(self, question: str, *arguments: object) -> object:
        """The only value of an answer, without a process of its own."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(question, arguments).fetchone()[0]
        finally:
            connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody write."""
        connection = sqlite3.connect(self.database, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()


@pytest.fixture
def shop(home: Home, tmp_path: Path) -> Shop:
    return Shop(home, tmp_path / "let through")


def child_of(rolf: Running) -> int:
    """The process that carries out the only push."""
    [child] = Path(f"/proc/{rolf.worker}/task/{rolf.worker}/children").read_text().split()
    return int(child)


def test_a_worker_that_was_held_to_be_dead_goes_on_as_another(shop: Shop) -> None:
    with running(shop.home) as rolf:
        push = shop.push()
        worker = rolf.worker
        shop.home.shell(
            "from django.utils import timezone; from pushes.models import Worker; "
            "Worker.objects.update(ended=timezone.now())"
        )
        assert until(lambda: shop.state(push) == "lost"), shop.state(push)
        shop.file.touch()
        again = shop.push_through()
        assert shop.state(again) == "succeeded"
        assert rolf.worker == worker, "it is the same process"


def test_a_push_waits_for_a_database_that_is_locked_for_long(shop: Shop) -> None:
    with running(shop.home):
        push = shop.push()
        with shop.locked():
            shop.file.touch()
            until(lambda: False, 12)  # two tries of its own to write, and its worker's
        assert until(lambda: shop.state(push) == "succeeded"), shop.state(push)
        assert shop.ask("SELECT log_lines FROM pushes_push WHERE id = ?", push) == 2
        assert shop.state(shop.push_through()) == "succeeded", "the worker lives"


def test_a_push_that_is_killed_while_the_database_is_locked_is_lost(shop: Shop) -> None:
    with running(shop.home) as rolf:
        push = shop.push()
        with shop.locked():
            os.kill(child_of(rolf), signal.SIGKILL)
            until(lambda: False, 7)
            assert shop.state(push) == "running"
        assert until(lambda: shop.state(push) == "lost"), shop.state(push)
