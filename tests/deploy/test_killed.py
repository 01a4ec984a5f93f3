"""kill -9 of the deploying process in each stage: what is live is whole, the next push works."""

import json
import random
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.processes import left
from tests.support.shop import STAGES, Shop, git, open_shop
from tests.support.ssh_server import SshServer

ALL = (*STAGES, "touch-wsgi", "smoke-test")
DELAYS = 3  # kills in each stage, at a time of its own
LONGEST = 0.12  # seconds that a stage may take to be killed in


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The site, as a web server shows it."""
    (tmp_path / "live").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=tmp_path / "live"))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/current/page.txt"
    server.shutdown()
    thread.join()
    server.server_close()


def fill(shop: Shop, page: str) -> None:
    """A commit with many files, which are all of it or of another."""
    for number in range(40):
        (shop.project / f"part{number}.txt").write_text(page)
    shop.commit(page)


def parts(shop: Shop) -> set[str]:
    """What the files of the live release say: one thing, if it is whole.

    The target may switch a moment after the kill, between two files.
    """
    files = list((shop.live / "current/").resolve().glob("*.txt"))
    assert len(files) == 41
    return {file.read_text() for file in files}


def started(shop: Shop, number: int, stage: int) -> bool:
    """Whether that stage of a push has begun."""
    try:
        *lines, _ = (shop.project / f".deploy/pushes/{number}/events.jsonl").read_text().split("\n")
    except OSError:
        return False
    events = map(json.loads, lines)
    return any(event["event"] == "StageStarted" and event["stage"] == stage for event in events)


def kill_in_every_stage(shop: Shop, where: str, without: tuple[int, ...] = ()) -> int:
    """Returns how many pushes were killed; fails where one leaves what it must not."""
    rng = random.Random(4)
    fill(shop, "first")
    assert shop.run("deploy").returncode == 0
    number, live, killed = 1, "first", 0
    for stage, name in enumerate(ALL):
        for attempt in range(DELAYS):
            reported = f"{where}: killed in {name}, attempt {attempt}"
            fill(shop, reported)
            number += 1
            with shop.start("deploy") as push:
                while not started(shop, number, stage):
                    assert push.poll() is None, push.communicate()
                time.sleep(attempt and rng.random() * LONGEST / DELAYS * attempt)
                ended = push.poll() is not None
                push.kill()
                push.communicate()
            assert parts(shop) in ({live}, {reported}), reported
            number += 1
            run = shop.run("deploy")
            assert run.returncode == 0, f"{reported}: {run.stdout}{run.stderr}"
            assert parts(shop) == {reported}
            assert left(shop.project.parent, without) == [], reported
            live = reported
            if not ended:
                killed += 1
                states = json.loads(shop.run("pushes", "--json").stdout)
                assert [states[0]["state"], states[1]["state"]] == ["succeeded", "lost"], reported
    print(f"{where}: {killed} of {len(ALL) * DELAYS} pushes killed")
    return killed


def define(shop: Shop, host: str, web: str, more: str = "") -> None:
    shop.define(
        stages=ALL,
        settings=f'REMOTE_HOST = "{host}"\nWSGI_FILE = "page.txt"\nSMOKE_URL = "{web}"\n{more}',
    )


@pytest.mark.safety
@pytest.mark.system
def test_killed_in_each_stage_on_this_machine(tmp_path: Path, web: str) -> None:
    shop = open_shop(tmp_path)
    define(shop, ".", web)
    killed = kill_in_every_stage(shop, "here")
    assert killed >= len(ALL) * DELAYS - 3  # some stages end in no time
    # git leaves the tag of a killed push.
    assert git(shop.repository, "fsck", "--no-dangling") == ""


@pytest.mark.safety
@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_killed_in_each_stage_over_ssh(tmp_path: Path, web: str, ssh_server: SshServer) -> None:
    shop = open_shop(tmp_path)
    define(shop, ssh_server.host, web, f'SSH_CONFIG = "{ssh_server.config}"')
    killed = kill_in_every_stage(shop, "there", (ssh_server.process.pid,))
    assert killed >= len(ALL) * DELAYS - 3
