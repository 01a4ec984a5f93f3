"""Runs inside Rolf's ve, beside its manage.py: fills a database, and measures pages in it.

    python in_rolf.py seed DEPLOYMENTS PUSHES      (of all deployments together)
    python in_rolf.py log LINES                    (a push with that many lines; prints its address)
    python in_rolf.py pages                        (JSON: by page, its queries and its seconds)

Nothing of it is imported here: it knows Rolf's models, and only Rolf's ve has Django.
"""
# ruff: noqa: E402 - Django is set up before models can be imported.

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
from deployments.models import Application, Category, Deployment
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
    return {"id": number, "state": state, "comment": f"Change {number}", "user": "anna",
            "ref": "main", "commit": f"{number:040x}", "started": now, "ended": now,
            "stages": [{"name": name, "state": "succeeded", "started": now, "ended": now,
                        "exit": 0, "seconds": 1.0, "reason": ""} for name in STAGES]}


def seed(deployments: int, pushes: int) -> None:
    """Fill an empty database: applications in categories, each deployment with its history."""
    person = User.objects.create_superuser("bench", "bench@example.org", "bench")
    categories = Category.objects.bulk_create(
        Category(name=f"Category {number}") for number in range(CATEGORIES))
    applications = Application.objects.bulk_create(
        Application(name=f"Application {number}", category=categories[number % CATEGORIES])
        for number in range(max(1, deployments // PER_APPLICATION)))
    places = Deployment.objects.bulk_create(
        Deployment(application=applications[number // PER_APPLICATION % len(applications)],
                   name=f"place {number % PER_APPLICATION}") for number in range(deployments))
    now = timezone.now()

    def made():
        for number in range(pushes):
            state = "failed" if number % 10 == 3 else "succeeded"
            count = number // deployments + 1
            yield Push(deployment=places[number % deployments], number=count, state=state,
                       user=person, user_name="bench", comment=f"Change {number}", ref="main",
                       commit=f"{number:040x}", started=now, ended=now, record=record(count, state),
                       snapshot={"format": 1, "stages": [{"name": name, "code": "true\n" * 20}
                                                         for name in STAGES]})

    with transaction.atomic():
        Push.objects.bulk_create(made(), batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def log(lines: int) -> str:
    """Make a push with a log of that many lines; return its address."""
    from pushes.grams import grams

    deployment = Deployment.objects.first()
    last = deployment.pushes.order_by("-number").values_list("number", flat=True).first() or 0
    push = Push.objects.create(
        deployment=deployment, number=last + 1, state="succeeded", user_name="bench",
        started=timezone.now(), ended=timezone.now(), record=record(last + 1, "succeeded"),
        log_lines=lines, log_bytes=lines * WIDTH, marks={"0": {"line": 0}})

    def made():
        for sequence, first in enumerate(range(0, lines, CHUNK_LINES)):
            end = min(first + CHUNK_LINES, lines)
            data = b"".join(b"%0*d\n" % (WIDTH - 1, line) for line in range(first, end))
            yield LogChunk(push=push, sequence=sequence, offset=first * WIDTH, first_line=first,
                           last_line=end, data=data, grams=grams(data),
                           spans=[[len(data), 0, "stdout", time.time(), ""]])

    with transaction.atomic():
        LogChunk.objects.bulk_create(made(), batch_size=50)
    return push.get_absolute_url()


def pages() -> dict:
    """By page, how many queries it makes, and the median of its seconds."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username="bench"))
    deployment = Deployment.objects.order_by("pk").first()
    addresses = {"front page": "/", "deployment page": deployment.get_absolute_url(),
                 "push list": f"{deployment.get_absolute_url()}pushes/"}
    found = {}
    for title, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        if answer.status_code != 200:
            sys.exit(f"{address} answers {answer.status_code}")
        seconds = sorted(_seconds(client, address) for _ in range(TIMES))
        found[title] = {"queries": len(queries), "seconds": seconds[TIMES // 2],
                        "bytes": len(answer.content)}
    return found


def _seconds(client: Client, address: str) -> float:
    begun = time.perf_counter()
    client.get(address)
    return time.perf_counter() - begun


if __name__ == "__main__":
    what, *numbers = sys.argv[1:]
    json.dump({"seed": seed, "log": log, "pages": pages}[what](*map(int, numbers)), sys.stdout)
