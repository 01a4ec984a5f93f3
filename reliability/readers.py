"""People who read pages while pushes talk: how long pages take, and what the database does.

The statements of the whole are compared with a model: the sum of what an idle installation, each
push that prints, each event stream and each page cause alone.
"""

import re
import statistics
import time
from pathlib import Path

from benchmarks.rolf.browser import Browser
from benchmarks.table import table
from reliability.client import Client
from reliability.installation import Installation, installation
from reliability.people import People, followers
from reliability.scenario import Result, Scenario
from reliability.size import Size
from reliability.statements import Counted, count
from tests.support.processes import children

P95 = 0.3  # seconds
LINES = 4  # of each push in a second; a worker stores output four times a second


def _run(project: Path, directory: Path, whole: bool) -> Result:
    readers, talking, phase = (200, 20, 45.0) if whole else (20, 4, 6.0)
    pause = 60.0 if whole else 5.0  # seconds between two pages of a person
    length = 12 * phase + 60
    size = Size(
        deployments=talking, stages=1, seconds=length, lines=round(length * LINES), slots=talking
    )
    with installation(project, directory, size) as one:
        return _measured(one, readers, talking, phase, pause)


def _measured(one: Installation, readers: int, talking: int, phase: float, pause: float) -> Result:
    browsers = [Browser(web.port, "boss", "open sesame") for web in one.webs]
    quiet = [page for key in one.deployments for page in (f"/deployments/{key}/", "/")]
    idle = count(one.postgresql, phase)
    with People(browsers, quiet, readers, pause).reading() as alone:
        begun = time.monotonic()
        pages_alone = count(one.postgresql, phase)
        pages_rate = len(alone.seconds) / (time.monotonic() - begun)
    addresses = _push_all(one)
    talk = count(one.postgresql, phase)
    with followers(browsers, addresses):
        time.sleep(1)
        streams = count(one.postgresql, phase)
        with People(browsers, [*quiet, *addresses], readers, pause).reading() as people:
            before = len(people.seconds)
            begun = time.monotonic()
            everything = count(one.postgresql, phase)
            rate = (len(people.seconds) - before) / (time.monotonic() - begun)
            memory = _megabytes_of_a_push(one)
    taken = sorted(people.seconds[before:])
    p95 = taken[int(len(taken) * 0.95)]
    page = (pages_alone.rate - idle.rate) / pages_rate
    model = idle.rate + (talk.rate - idle.rate) + (streams.rate - talk.rate) + page * rate
    details = _details(idle, talk, streams, everything, talking, page, rate, model)
    failures = people.failures
    faults = [f"{len(failures)} pages failed: {failures[0]}"] if failures else []
    if p95 > P95:
        faults.append(f"p95 of pages is {p95 * 1000:.0f} ms at {rate:.1f} pages a second")
    return Result(
        measured=(
            f"{readers} people, {rate:.1f} pages a second, {talking} pushes that print {LINES} "
            f"lines a second, each followed by a stream: median {statistics.median(taken) * 1000:.0f}"
            f" ms, p95 {p95 * 1000:.0f} ms; {memory:.0f} MB (Pss) a push; "
            f"{everything.rate:.0f} statements a second (model: {model:.0f})"
        ),
        faults=faults,
        details=details,
    )


def _push_all(one: Installation) -> list[str]:
    """Push every deployment, and return the pages of the pushes when all of them run."""
    client = Client([web.address for web in one.webs], one.token)
    begun = {}
    for key in one.deployments:
        path = f"/api/deployments/{key}/pushes"
        begun[key] = f"{path}/{client.ask('POST', path, {}).content['id']}"
    found: dict[int, str] = {}
    end = time.monotonic() + 60
    while len(found) < len(begun) and time.monotonic() < end:
        for key, path in begun.items():
            push = client.ask("GET", path).content
            if push["number"] and push["state"] == "running":
                found[key] = f"/deployments/{key}/pushes/{push['number']}/"
        time.sleep(0.2)
    assert len(found) == len(begun), f"{len(found)} of {len(begun)} pushes run"
    return list(found.values())


def _megabytes_of_a_push(one: Installation) -> float:
    """Return the mean of the proportional set sizes (Pss) of a push's processes."""
    kilobytes, pushes = 0, 0
    for worker in one.workers:
        assert worker.program
        for child in children(worker.program.pid):
            below = _descendants(child)
            if below:  # the child of a push has stages
                pushes += 1
                kilobytes += sum(map(_pss, [child, *below]))
    return kilobytes / 1024 / max(pushes, 1)


def _descendants(pid: int) -> list[int]:
    return [each for child in children(pid) for each in (child, *_descendants(child))]


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.MULTILINE)[0])


def _details(
    idle: Counted,
    talk: Counted,
    streams: Counted,
    everything: Counted,
    talking: int,
    page: float,
    rate: float,
    model: float,
) -> str:
    parts = table(
        ["statements a second", "measured alone"],
        [
            ["web servers and workers that are idle", f"{idle.rate:.1f}"],
            [f"{talking} pushes that print", f"{talk.rate - idle.rate:.1f}"],
            ["a stream for each of them", f"{streams.rate - talk.rate:.1f}"],
            [f"{rate:.1f} pages a second, {page:.1f} statements each", f"{page * rate:.1f}"],
            ["their sum, which is the model", f"{model:.1f}"],
            ["all of it at the same time, measured", f"{everything.rate:.1f}"],
        ],
    )
    ordered = sorted(everything.by_kind.items(), key=lambda item: -item[1])
    kinds = table(
        ["kind of statement", "idle", "pushes print", "everything"],
        [
            [
                kind,
                f"{idle.by_kind.get(kind, 0):.1f}",
                f"{talk.by_kind.get(kind, 0):.1f}",
                f"{number:.1f}",
            ]
            for kind, number in ordered
        ],
    )
    return "\n".join([*parts, "", *kinds])


READERS = Scenario(
    name="readers",
    title="200 people read pages, 20 pushes print, 2 web servers",
    promise="p95 of pages is at most 300 ms at the stated load",
    run=_run,
)
