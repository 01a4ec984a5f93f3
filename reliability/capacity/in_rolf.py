"""Runs inside Rolf's virtualenv, beside its manage.py, with PostgreSQL: measures what things cost.

    python in_rolf.py costs                      prints JSON: by what is done, a Cost
    python in_rolf.py claims WORKERS WAITING WAY  prints JSON: how long it takes workers to claim

    python in_rolf.py listening LISTENERS CHANNEL  prints JSON: what a notification costs
    python in_rolf.py writing WRITERS SECONDS      prints JSON: chunks of output in a second
    python in_rolf.py clear                        deletes all pushes and workers

WAY is `rolf` (pushes.claims) or `skip` (SKIP LOCKED, one statement for each claim).
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
from database import clock
from deployments.models import Application, Category, Deployment
from django.db import connection, connections, transaction
from django.db.models import F
from django.test import Client
from pushes.claims import claim_push, claim_survey
from pushes.models import Push, Worker
from pushes.queue import Doorbell
from pushes.run.journal import DatabaseJournal
from worker import periodic, sweeping

from bootstrapper.deploy.events.event import Output, Stream

STATEMENTS = """
SELECT sum(calls), sum(rows), sum(total_exec_time), sum(wal_bytes) FROM pg_stat_statements
JOIN pg_database ON pg_database.oid = dbid
WHERE datname = current_database() AND query NOT LIKE '%%pg_stat_statements%%'
"""
INDEX = "CREATE INDEX capacity_waiting ON pushes_push (queued, id) WHERE state = 'queued'"


def measured(times, function):
    """Return what a call costs, as the mean of many calls.

    `cpu` is that of the database's process, `seconds` is how long the caller waits.
    """
    function()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_statements_reset(), pg_backend_pid()")
        server = [cursor.fetchone()[1]]
        used, begun = cpu(server), time.perf_counter()
        for _ in range(times):
            function()
        took, used = time.perf_counter() - begun, cpu(server) - used
        cursor.execute(STATEMENTS)
        calls, rows, _, wal = (float(value or 0) for value in cursor.fetchone())
    return {
        "statements": calls / times,
        "rows": rows / times,
        "cpu": used / times,
        "seconds": took / times,
        "wal": wal / times,
    }


def cpu(pids):
    """Return the seconds of CPU that processes have used (schedstat: nanoseconds)."""
    used = [Path(f"/proc/{pid}/schedstat").read_text().split()[0] for pid in pids]
    return sum(map(int, used)) / 1e9


def deployments(count):
    """Create deployments, and return them."""
    category, _ = Category.objects.get_or_create(name="capacity")
    shop, _ = Application.objects.get_or_create(name="shop", category=category)
    have = Deployment.objects.count()
    Deployment.objects.bulk_create(
        Deployment(application=shop, name=f"place {number}") for number in range(have, count)
    )
    return list(Deployment.objects.order_by("pk")[:count])


def enqueue(count):
    """Queue a push of each of so many deployments. Return nothing."""
    Push.objects.all().delete()
    snapshot = {"stages": []}
    Push.objects.bulk_create(
        Push(deployment=each, user_name="boss", snapshot=snapshot) for each in deployments(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE pushes_push")


def costs():
    """Return what everything costs that the model needs."""
    worker = Worker.objects.start()
    doorbell = Doorbell()
    found = {
        "heartbeat": measured(300, worker.confirm),
        "sweep": measured(200, lambda: sweeping.sweep(worker, [])),
    }

    def look():
        doorbell.answer()
        claim_push(worker)
        claim_survey(worker)
        periodic.claim()

    found["look"] = measured(200, look)
    enqueue(1)
    waits = Push.objects.filter(state="queued").claimable_in(worker.place)
    found["select"] = measured(300, lambda: list(_fields(waits)))
    taken = waits.filter(pk=claim_push(worker))
    found["failed try"] = measured(300, lambda: _claim(taken, worker))
    for waiting in (1, 1_000, 10_000):
        enqueue(waiting)

        def claim(how):
            give_back(how(worker))

        found[f"claim of {waiting}"] = measured(50, lambda: claim(claim_push))
        found[f"skip of {waiting}"] = measured(50, lambda: claim(claim_skipping))
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
        cursor.execute("ANALYZE pushes_push")
        found["skip of 10000 with an index"] = measured(50, lambda: claim(claim_skipping))
        cursor.execute("DROP INDEX capacity_waiting")
    key = claim_push(worker)
    found["give back"] = measured(50, lambda: give_back(key))
    found |= costs_of_a_push(worker)
    user = User.objects.create_superuser("boss")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    for what, address in [
        ("page of a push", f"/deployments/{Push.objects.get(number=1).deployment_id}/pushes/1/"),
        ("front page of 10000 deployments", "/"),
    ]:
        assert client.get(address).status_code == 200
        found[what] = measured(5, lambda address=address: client.get(address))
    return found


def costs_of_a_push(worker):
    """Return what the output of a push costs, and that somebody may cancel it."""
    enqueue(1)
    key = claim_push(worker)
    Push.objects.filter(pk=key).update(
        number=1,
        snapshot={"deployment": "shop", "stages": [{"name": "one", "switches": False}]},
    )
    journal = DatabaseJournal(Push.objects.get(pk=key), Path("/"))

    def talk(size):
        def write():
            data = text(size)
            journal.write(Output(at=1.0, stage=0, host="", stream=Stream.STDOUT, data=data))
            journal.flush()

        return write

    row = Push.objects.filter(pk=key, worker=worker)
    found = {
        "a line": measured(300, talk(60)),
        "ask": measured(300, row.values_list("cancelled_by", flat=True).first),
        "watch": measured(100, lambda: list(Push.objects.filter(pk=key))),
    }
    before = _size()
    found["64 KB"] = measured(100, talk(64_000))
    found["64 KB"]["bytes"] = (_size() - before) / 101
    return found


def text(size):
    """Return output that compresses about as logs do: half of each line is new."""
    lines, length = [], 0
    while length < size:
        lines.append(b"[12:34:56] building module %s: ok\n" % os.urandom(12).hex().encode())
        length += len(lines[-1])
    return b"".join(lines)[:size]


def _size():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('pushes_logchunk')")
        return cursor.fetchone()[0]


def listening(listeners, channel):
    """Return the CPU of PostgreSQL for a notification, for each listener, and a connection's memory.

    Workers listen to rolf_work. PostgreSQL wakes them for a notification of any `channel`.
    """
    parameters = connection.get_connection_params()
    waiting = [connection.get_new_connection(parameters) for _ in range(listeners)]
    for one in waiting:
        one.autocommit = True
        one.execute("LISTEN rolf_work")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = [pid for (pid,) in cursor.fetchall()]
        used = cpu(pids)
        for number in range(200):
            cursor.execute("SELECT pg_notify(%s, %s)", [channel, str(number)])
            time.sleep(0.01)
        time.sleep(1)
        used = cpu(pids) - used
    pss = [
        int(line.split()[1])
        for pid in pids
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    ]
    return {"cpu": used / 200 / listeners, "kilobytes": sum(pss) / len(pss)}


def writing(writers, seconds):
    """Return how many chunks of output are stored in a second."""
    enqueue(writers)
    worker = Worker.objects.start()
    keys = [claim_push(worker) for _ in range(writers)]
    Push.objects.filter(pk__in=keys).update(
        number=1, snapshot={"deployment": "shop", "stages": [{"name": "one", "switches": False}]}
    )
    connections.close_all()
    reading, done = os.pipe()
    for key in keys:
        if os.fork() == 0:
            journal = DatabaseJournal(Push.objects.get(pk=key), Path("/"))
            count, end = 0, time.perf_counter() + seconds
            while time.perf_counter() < end:
                journal.write(Output(at=1.0, stage=0, host="", stream=Stream.STDOUT, data=text(60)))
                journal.flush()
                count += 1
            os.write(done, b"%d\n" % count)
            os._exit(0)
    for _ in keys:
        os.wait()
    os.close(done)
    with open(reading) as counts:
        return {"rate": sum(map(int, counts)) / seconds}


def claim_skipping(worker):
    """Claim the push that has waited longest and that no other worker is claiming."""
    with transaction.atomic():
        waiting = Push.objects.filter(state="queued").claimable_in(worker.place)
        found = _fields(waiting.select_for_update(skip_locked=True, of=("self",)))[:1]
        for key, _ in found:
            _claim(Push.objects.filter(pk=key), worker)
            return key
    return None


def _fields(waiting):
    return waiting.order_by("queued", "pk").values_list("pk", "deployment__labels")


def _claim(push, worker):
    """Do what pushes.claims does."""
    return push.update(
        state="running",
        worker=worker,
        started=clock.now(),
        claims=F("claims") + 1,
        version=F("version") + 1,
    )


def give_back(key):
    """Queue a push again."""
    Push.objects.filter(pk=key).update(state="queued", worker=None)


def claims(workers, waiting, way):
    """Return how long so many claim loops need for so many pushes, and what that cost."""
    enqueue(waiting)
    claim = {"rolf": claim_push, "skip": claim_skipping}[way]
    rows = [Worker.objects.start() for _ in range(workers)]
    connections.close_all()
    ready, begin = os.pipe(), os.pipe()
    done = os.pipe()
    for row in rows:
        if os.fork() == 0:
            connection.ensure_connection()
            Push.objects.filter(pk=0).exists()
            os.close(begin[1])
            os.write(ready[1], b"x")
            os.read(begin[0], 1)  # the end of the pipe, for all at once
            mine = 0
            while claim(row):
                mine += 1
            os.write(done[1], b"x")
            os._exit(0)
    got = b""
    while len(got) < workers:
        got += os.read(ready[0], workers)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_statements_reset()")
    begun = time.perf_counter()
    os.close(begin[1])
    got = b""
    while len(got) < workers:
        got += os.read(done[0], workers)
    took = time.perf_counter() - begun
    for _ in rows:
        os.wait()
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS)
        calls, _, milliseconds, _ = (float(value or 0) for value in cursor.fetchone())
    assert not Push.objects.filter(state="queued").exists()
    return {"seconds": took, "statements": calls, "database": milliseconds / 1000}


if __name__ == "__main__":
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    match sys.argv[1:]:
        case ["costs"]:
            answer = costs()
        case ["claims", workers, waiting, way]:
            answer = claims(int(workers), int(waiting), way)
        case ["listening", listeners, channel]:
            answer = listening(int(listeners), channel)
        case ["writing", writers, seconds]:
            answer = writing(int(writers), float(seconds))
        case ["clear"]:
            answer = [Push.objects.all().delete()[0], Worker.objects.all().delete()[0]]
    json.dump(answer, sys.stdout)
