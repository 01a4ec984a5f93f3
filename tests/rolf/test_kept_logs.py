"""Processes that join and store logs are killed, again and again."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.rolf_home import Home, environment

# 23 logs as their workers left them; each line is in one chunk of its own.
FILL = """
import json
from django.utils import timezone
from deployments.models import Application, Category, Deployment
from pushes.models import LogChunk, Push
shop = Application.objects.create(name="shop", category=Category.objects.create(name="Sites"))
production = Deployment.objects.create(application=shop, name="production")
for number in range(1, 24):
    push = Push.objects.create(
        deployment=production, number=number, state="lost" if number % 3 else "succeeded",
        user_name="boss", ended=timezone.now(), log_lines=500, log_bytes=500 * 20)
    LogChunk.objects.bulk_create(
        LogChunk(push=push, sequence=line, offset=line * 20, first_line=line, last_line=line + 1,
                 data=b"push %04d line %04d\\n" % (number, line),
                 spans=[[20, 0, "stdout", 1_700_000_000.0 + line, ""]])
        for line in range(500))
"""
MAINTAIN = "from pushes.maintenance import maintain; maintain(); print('done')"
COUNT = """
from pushes.models import LogChunk
print(LogChunk.objects.count(), LogChunk.objects.exclude(digest=None).count())
"""
# By push: whether its log is whole, and its rows in the database and in the store.
LOOK = """
import json
from pushes.log_view.lines import lines, raw
from pushes.models import Push
found = []
for push in Push.objects.order_by("number"):
    expected = b"".join(b"push %04d line %04d\\n" % (push.number, line) for line in range(500))
    whole = b"".join(raw(push)) == expected
    at = [line.at - 1_700_000_000 for line in lines(push, 0, 900)] == list(range(500))
    chunks = push.chunks
    found.append([whole and at, chunks.filter(digest=None).count(),
                  chunks.exclude(digest=None).count()])
print(json.dumps(found))
"""


def maintenance(home: Home) -> "subprocess.Popen[str]":
    """Start the daily maintenance in a process of its own."""
    return subprocess.Popen(
        ["./manage.py", "shell", "-v0", "-c", MAINTAIN],
        cwd=home.current,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_kills_of_the_maintenance_lose_no_line(home: Home, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (home.current / ".env").write_text(f"ROLF_LOG_STORE={store}\nROLF_LOG_STORE_AFTER=0\n")
    home.shell(FILL)
    kills = 0
    for wait in (0.0, 0.1, 0.3):
        process = maintenance(home)
        begun = home.shell(COUNT)
        deadline = time.monotonic() + 60
        # Kill it while it is at work: some rows have changed.
        while home.shell(COUNT) == begun and process.poll() is None:
            assert time.monotonic() < deadline
        time.sleep(wait)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        assert all(whole for whole, *_ in json.loads(home.shell(LOOK)))
    assert kills
    process = maintenance(home)
    assert process.communicate()[0] == "done\n"
    *stored, last = json.loads(home.shell(LOOK))
    assert stored == [[True, 0, 1]] * 22
    assert last == [True, 1, 0], "the last push can be resumed, so its log stays in the database"
    assert len([file for file in store.rglob("logs/**/*") if file.is_file()]) == 22
