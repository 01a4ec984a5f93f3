"""kill -9 of Rolf's worker, of its web server, of both, of a push alone: what is left of it."""

import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import pytest

from tests.support.rolf_home import Home, Running, environment, running, until
from tests.support.rolf_visitor import Visitor

STAGES, FOLLOWERS, LINES, TRIES = 5, 10, 120, 12

# Each stage says that it is there, leaves a child behind it, and waits to be let through.
STAGE = """
echo {number} >> "$PLACE/begun"
sleep 987 & echo $! >> "$PLACE/pids"
echo $$ >> "$PLACE/pids"
sleep 0.1
until [ -e "$PLACE/open" ] || [ -e "$PLACE/open-{number}" ]; do sleep 0.02; done
kill %1
"""
SPEAKS = "for number in $(seq {lines}); do echo line $number; sleep 0.03; done"
FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Setting, Stage
User.objects.create_superuser("boss", password="open sesame 12")
application = Application.objects.create(name="shop", category=Category.objects.create(name="s"))
waits = Deployment.objects.create(application=application, name="waits")
Setting.objects.create(deployment=waits, name="PLACE", text={place!r})
for number in range({stages}):
    Stage.objects.create(deployment=waits, position=number, name=f"stage {{number}}",
                         code={stage!r}.replace("{{number}}", str(number)))
speaks = Deployment.objects.create(application=application, name="speaks")
Stage.objects.create(deployment=speaks, name="speak", code={speaks!r})
print(waits.pk, speaks.pk)
"""
PUSH = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
print(services.queue_push(Deployment.objects.get(pk={key}), User.objects.get(username="boss")).pk)
"""
STANDS = """
from pushes.models import Push
push = Push.objects.get(pk={push})
print(push.state, [stage["state"] for stage in (push.record or {{}}).get("stages", [])])
"""


@dataclass
class Place:
    """A Rolf that is killed: what stages write, and how they are let through."""

    home: Home
    directory: Path
    waits: str
    speaks: str

    def push(self, deployment: str) -> str:
        return self.home.shell(PUSH.format(key=deployment))

    def display_state(self, push: str) -> str:
        """Its state, as the database has it."""
        return self.home.shell(STANDS.format(push=push)).partition(" ")[0]

    def begun(self) -> list[str]:
        """The stages that have begun, in order, each as often as it did."""
        file = self.directory / "begun"
        return file.read_text().split() if file.exists() else []

    def alive(self) -> list[int]:
        """Processes of stages, and theirs, that live."""
        file = self.directory / "pids"
        pids = map(int, file.read_text().split()) if file.exists() else []
        return [pid for pid in pids if _lives(pid)]

    def clear(self) -> None:
        for file in self.directory.iterdir():
            file.unlink()


@pytest.fixture
def place(home: Home, tmp_path: Path) -> Place:
    directory = tmp_path / "place"
    directory.mkdir()
    keys = home.shell(
        FILL.format(
            place=str(directory), stages=STAGES, stage=STAGE, speaks=SPEAKS.format(lines=LINES)
        )
    )
    return Place(home, directory, *keys.split())


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@contextmanager
def worker(home: Home) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker alone, ended with all that it has started."""
    process = subprocess.Popen(
        ["./manage.py", "worker"],
        cwd=home.current,
        env=environment(),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def lost(place: Place, push: str) -> None:
    """No process runs it, none is left, and the stages before it have run once."""
    assert until(lambda: place.display_state(push) == "lost"), place.display_state(push)
    assert until(lambda: not place.alive()), place.alive()
    assert place.begun() == sorted(set(place.begun())), "nothing has run twice"


def test_a_worker_killed_in_any_stage_loses_its_push_and_nothing_else(place: Place) -> None:
    with running(place.home) as rolf:
        for stage in range(STAGES):
            place.clear()
            for number in range(stage):
                (place.directory / f"open-{number}").touch()
            push = place.push(place.waits)
            assert until(lambda: str(stage) in place.begun()), place.begun()  # noqa: B023
            kill(rolf.worker)
            lost(place, push)
            assert place.begun() == [str(number) for number in range(stage + 1)]
        place.clear()
        (place.directory / "open").touch()
        push = place.push(place.waits)
        assert until(lambda: place.display_state(push) == "succeeded"), "the lock is free"


def test_a_push_that_is_killed_alone_is_lost_at_once(place: Place) -> None:
    with running(place.home) as rolf:
        push = place.push(place.waits)
        assert until(lambda: place.begun() == ["0"])
        children = Path(f"/proc/{rolf.worker}/task/{rolf.worker}/children").read_text().split()
        for child in children:
            kill(int(child))
        lost(place, push)
        worker = rolf.worker
        (place.directory / "open").touch()
        push = place.push(place.waits)
        assert until(lambda: place.display_state(push) == "succeeded")
        assert rolf.worker == worker


def test_all_of_it_killed_loses_the_push_and_starts_again(place: Place) -> None:
    with running(place.home) as rolf:
        push = place.push(place.waits)
        assert until(lambda: place.begun() == ["0"])
        for pid in [rolf.process.pid, *rolf.children]:
            kill(pid)
        assert until(lambda: not place.alive()), place.alive()
    with running(place.home):
        lost(place, push)


def test_kills_at_any_instant(place: Place) -> None:
    chance = random.Random(12)
    (place.directory / "open").touch()
    ended = []
    for _ in range(TRIES):
        push = place.push(place.waits)
        with worker(place.home) as process:
            if chance.random() < 0.75:  # else perhaps before it has begun
                assert until(place.begun)
            time.sleep(chance.random() * 0.8)
            process.kill()
        with worker(place.home):
            assert until(lambda: place.display_state(push) in ("lost", "succeeded")), (  # noqa: B023
                place.display_state(push)
            )
        ended.append(place.display_state(push))
        begun = place.begun()
        assert begun == sorted(set(begun)), "no stage has run twice"
        (place.directory / "begun").unlink(missing_ok=True)
        assert until(lambda: not place.alive())
    print(
        f"killed {TRIES} times, survived {len(ended)} times: {ended.count('lost')} lost, "
        f"{ended.count('succeeded')} gone through"
    )


@dataclass
class Follower:
    """A browser that follows a push, and comes again when its connection breaks."""

    visitor: Visitor
    path: str
    lines: dict[int, str] = field(default_factory=dict)
    doubled: int = 0
    broke: int = 0

    def follow(self) -> None:
        cursor, active = "", True
        end = time.monotonic() + 60
        while active and time.monotonic() < end:
            try:
                with self._open(cursor) as answer:
                    for cursor, news in _news(answer):  # noqa: B007 - where it goes on
                        self._take(news)
                        active = bool(news["active"])
                        if not active:
                            return
            except (OSError, HTTPException, ValueError):
                self.broke += 1
                time.sleep(0.2)

    def _open(self, cursor: str) -> HTTPResponse:
        request = urllib.request.Request(
            self.visitor.address + self.path, headers={"Last-Event-ID": cursor} if cursor else {}
        )
        self.visitor.cookies.add_cookie_header(request)
        opened: HTTPResponse = urllib.request.urlopen(request, timeout=20)
        return opened

    def _take(self, news: "dict[str, object]") -> None:
        for number, text in re.findall(
            r'data-line="(\d+)".*?<code>(.*?)</code>', str(news["html"])
        ):
            self.doubled += int(number) in self.lines
            self.lines[int(number)] = text


def _news(answer: HTTPResponse) -> "Iterator[tuple[str, dict[str, object]]]":
    key = ""
    for line in answer:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "id":
            key = value
        elif name == "data":
            yield key, json.loads(value)
    raise ValueError("the stream ended")


def test_a_web_server_killed_while_ten_follow_costs_nobody_a_line(place: Place) -> None:
    with running(place.home) as rolf:
        visitor = Visitor(rolf.address)
        visitor.sign_in("boss", "open sesame 12")
        push = place.push(place.speaks)
        path = f"deployments/{place.speaks}/pushes/asked-{push}/follow/"
        followers = [Follower(visitor, path) for _ in range(FOLLOWERS)]
        threads = [threading.Thread(target=one.follow, daemon=True) for one in followers]
        for thread in threads:
            thread.start()
        for _ in range(2):
            time.sleep(1.2)
            _kill_web(rolf)
        for thread in threads:
            thread.join()
        assert place.display_state(push) == "succeeded"
        printed = {number: f"line {number + 1}" for number in range(LINES)}
        assert [one.lines == printed for one in followers] == [True] * FOLLOWERS
        assert sum(one.doubled for one in followers) == 0
        assert all(one.broke for one in followers)


def _kill_web(rolf: Running) -> None:
    assert until(lambda: len(rolf.children) == 2)
    kill(rolf.web)
