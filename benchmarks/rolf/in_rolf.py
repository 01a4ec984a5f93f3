"""Runs inside Rolf's ve, beside its manage.py: fills a database, and measures pages in it.

    python in_rolf.py seed DEPLOYMENTS PUSHES      (of all deployments together)
    python in_rolf.py log LINES                    (a push with that many lines; prints its addresses)
    python in_rolf.py stored LINES             (the same in the store of logs)
    python in_rolf.py kept LINES               (JSON: what joining and storing such a log takes)
    python in_rolf.py token                    (prints a token of the API)
    python in_rolf.py pages                        (JSON: by page, its queries and its seconds)
    python in_rolf.py speakers DEPLOYMENTS LINES   (each says what time it is; prints their keys)
    python in_rolf.py site FILE NAME               (of a deployments.toml; prints its key)
    python in_rolf.py steps FILE                   (of names and Bash code; prints its key)

The benchmarks import no part of it: it knows Rolf's models, and only Rolf's ve has Django.
"""
# ruff: noqa: E402 - Django is set up before models can be imported.

import hashlib
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.embedded")

import django

django.setup()

from accounts.models import User
from deployments.models import Application, Category, Deployment, Level, Stage
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pushes.models import LogChunk, Push

BATCH = 2000
STAGES = ("clear-checkout", "git-clone", "unit-tests", "rsync-release", "activate-release")
CATEGORIES, PER_APPLICATION = 20, 2
TIMES = 15
WIDTH = 100  # bytes of a line
CHUNK_LINES = 2500  # 250 kB, as the worker flushes them while a stage floods


def record(number: int, state: str) -> dict:
    """What the engine would have kept of a push."""
    now = timezone.now().isoformat()
    return {
        "id": number,
        "state": state,
        "comment": f"Change {number}",
        "user": "anna",
        "ref": "main",
        "commit": f"{number:040x}",
        "started": now,
        "ended": now,
        "stages": [
            {
                "name": name,
                "state": "succeeded",
                "started": now,
                "ended": now,
                "exit": 0,
                "seconds": 1.0,
                "reason": "",
            }
            for name in STAGES
        ],
    }


def seed(deployments: int, pushes: int) -> None:
    """Fill an empty database: applications in categories, each deployment with its history."""
    person = User.objects.create_superuser("bench", "bench@example.org", "bench")
    categories = Category.objects.bulk_create(
        Category(name=f"Category {number}") for number in range(CATEGORIES)
    )
    applications = Application.objects.bulk_create(
        Application(name=f"Application {number}", category=categories[number % CATEGORIES])
        for number in range(max(1, deployments // PER_APPLICATION))
    )
    places = Deployment.objects.bulk_create(
        Deployment(
            application=applications[number // PER_APPLICATION % len(applications)],
            name=f"place {number % PER_APPLICATION}",
        )
        for number in range(deployments)
    )
    now = timezone.now()

    def made():
        for number in range(pushes):
            state = "failed" if number % 10 == 3 else "succeeded"
            count = number // deployments + 1
            yield Push(
                deployment=places[number % deployments],
                number=count,
                state=state,
                user=person,
                user_name="bench",
                comment=f"Change {number}",
                ref="main",
                commit=f"{number:040x}",
                started=now,
                ended=now,
                record=record(count, state),
                snapshot={
                    "format": 1,
                    "stages": [{"name": name, "code": "true\n" * 20} for name in STAGES],
                },
            )

    with transaction.atomic():
        Push.objects.bulk_create(made(), batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def line(number: int) -> bytes:
    """A line of a log of WIDTH bytes, unlike the others; each has a word that no other has."""
    words = hashlib.blake2b(b"%d" % number, digest_size=20).hexdigest()
    text = f"{number:07} test_{words[:6]} passed in {number % 977} ms: unique{number}word {words}"
    return text[: WIDTH - 1].ljust(WIDTH - 1, ".").encode() + b"\n"


def log(lines: int) -> list[str]:
    """Make a push with a log of that many lines; return its addresses."""
    from pushes.logs.join import finish

    push = unjoined(lines, CHUNK_LINES)
    finish(push)
    return _addresses(push)


def _addresses(push: Push) -> list[str]:
    """Return the addresses of its page, and of its log in the API."""
    return [
        push.get_absolute_url(),
        f"/api/deployments/{push.deployment_id}/pushes/{push.pk}/log",
    ]


def stored(lines: int) -> list[str]:
    """The same with the log in the store; return its addresses."""
    from pushes.logs.archive import store_log
    from pushes.logs.join import finish

    push = unjoined(lines, CHUNK_LINES)
    finish(push)
    store_log(push.pk)
    return _addresses(push)


def kept(lines: int) -> dict:
    """Join and store a log of that many lines, and one of a line a second for 15 minutes."""
    from pushes.logs.archive import store_log
    from pushes.logs.join import finish

    slow = unjoined(900, 1)
    slow_rows = [slow.chunks.count()]
    finish(slow)
    push = unjoined(lines, CHUNK_LINES)
    rows = [push.chunks.count()]
    join_seconds, join_memory = _taken(lambda: finish(push))
    store = Path(settings.LOG_STORE)
    before = _size(store)
    store_seconds, store_memory = _taken(lambda: store_log(push.pk))
    return {
        "megabytes": push.log_bytes / 1e6,
        "rows": [*rows, push.chunks.count()],
        "slow_rows": [*slow_rows, slow.chunks.count()],
        "join_seconds": join_seconds,
        "join_memory": join_memory,
        "store_seconds": store_seconds,
        "store_memory": store_memory,
        "stored_megabytes": (_size(store) - before) / 1e6,
    }


def _taken(work) -> tuple:
    """Return (seconds, MB) that a child process needs; MB is its peak beyond its beginning."""
    connection.close()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        begun = time.perf_counter()
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        before = _peak()
        work()
        seconds = time.perf_counter() - begun
        os.write(writing, json.dumps([seconds, _peak() - before]).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as stream:
        found = json.load(stream)
    os.waitpid(child, 0)
    return tuple(found)


def _peak() -> float:
    """The most memory of this process so far, in MB (VmHWM)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("/proc/self/status has no VmHWM")


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


def token() -> str:
    """Make a token of the API for everything."""
    from api.models import Token

    person = User.objects.get(username="bench")
    made = Token(user=person, name="bench", level=Level.PUSH, all_deployments=True)
    text = made.generate()
    made.save()
    return text


def unjoined(lines: int, in_chunk: int) -> Push:
    """Make a push with a log as its worker leaves it."""
    deployment = Deployment.objects.first()
    last = deployment.pushes.order_by("-number").values_list("number", flat=True).first() or 0
    push = Push.objects.create(
        deployment=deployment,
        number=last + 1,
        state="succeeded",
        user_name="bench",
        started=timezone.now(),
        ended=timezone.now(),
        record=record(last + 1, "succeeded"),
        log_lines=lines,
        log_bytes=lines * WIDTH,
        marks={"0": {"line": 0}},
    )

    def made():
        for sequence, first in enumerate(range(0, lines, in_chunk)):
            end = min(first + in_chunk, lines)
            data = b"".join(map(line, range(first, end)))
            yield LogChunk(
                push=push,
                sequence=sequence,
                offset=first * WIDTH,
                first_line=first,
                last_line=end,
                data=data,
                spans=[[len(data), 0, "stdout", round(time.time(), 3) + sequence, ""]],
            )

    with transaction.atomic():
        LogChunk.objects.bulk_create(made(), batch_size=50)
    return push


def speakers(count: int, lines: int) -> list:
    """Make deployments whose one stage says what time it is, ten times a second; their keys."""
    person, _ = User.objects.get_or_create(username="bench")
    person.is_superuser = True
    person.set_password("bench")
    person.save()
    application = Application.objects.create(
        name="speakers", category=Category.objects.create(name="speakers")
    )
    code = (
        f'for number in $(seq {lines}); do echo "at $EPOCHREALTIME number $number"; '
        "read -rt 0.1 <> <(:) || :; done\n"
    )
    keys = []
    for number in range(count):
        deployment = Deployment.objects.create(application=application, name=f"speaker {number}")
        Stage.objects.create(deployment=deployment, name="speak", code=code)
        keys.append(deployment.pk)
    return keys


def site(definition: str, name: str) -> int:
    """Make a deployment of what a deployments.toml says; its key."""
    from deployments.import_files import fill

    from bootstrapper.deploy.definition.deployment import FILE

    person = User.objects.get(username="bench")
    application, _ = Application.objects.get_or_create(
        name="site", defaults={"category": Category.objects.get_or_create(name="sites")[0]}
    )
    deployment = Deployment.objects.create(application=application, name=name)
    fill(deployment, {FILE: Path(definition).read_text()}, person)
    return deployment.pk


def steps(file: str) -> int:
    """Make a deployment of steps, [name, Bash code] each; its key."""
    application, _ = Application.objects.get_or_create(
        name="steps", defaults={"category": Category.objects.get_or_create(name="sites")[0]}
    )
    deployment = Deployment.objects.create(application=application, name="site")
    for position, (name, code) in enumerate(json.loads(Path(file).read_text())):
        Stage.objects.create(deployment=deployment, name=name, code=code, position=position)
    return deployment.pk


def pages() -> dict:
    """By page, how many queries it makes, and the median of its seconds."""
    # Views in a thread of the event loop's would have a connection whose queries nobody counts.
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "static_files" not in name]
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    deployment = Deployment.objects.order_by("pk").first()
    addresses = {
        "front page": "/",
        "deployment page": deployment.get_absolute_url(),
        "push list": f"{deployment.get_absolute_url()}pushes/",
    }
    found = {}
    for title, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
            count = len(queries)  # of the next request nothing of these is left
        if answer.status_code != 200:
            sys.exit(f"{address} answers {answer.status_code}")
        seconds = sorted(_seconds(client, address) for _ in range(TIMES))
        found[title] = {
            "queries": count,
            "seconds": seconds[TIMES // 2],
            "bytes": len(answer.content),
        }
    return found


def _seconds(client: Client, address: str) -> float:
    begun = time.perf_counter()
    client.get(address)
    return time.perf_counter() - begun


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    known = {
        "seed": seed,
        "log": log,
        "stored": stored,
        "kept": kept,
        "token": token,
        "pages": pages,
        "speakers": speakers,
        "site": site,
        "steps": steps,
    }
    json.dump(known[what](*(int(word) if word.isdecimal() else word for word in words)), sys.stdout)
