"""Everything that `python -m reliability` shows, in the order of the page."""

from datetime import UTC, datetime
from typing import Any

from reliability import faults
from reliability.api import API
from reliability.readers import READERS
from reliability.run import Plan
from reliability.scenario import Scenario, pushing
from reliability.size import Size

FULL: dict[str, Any] = {"size": Size(), "pushes": 1000, "at_once": 20}
HALF: dict[str, Any] = {"size": Size(), "pushes": 300, "at_once": 20}
FEW: dict[str, Any] = {"size": Size(deployments=10, lines=10), "pushes": 16, "at_once": 8}
# Stages that last longer than a cut of 30 s, or of 180 s.
STEADY = Size(deployments=10, seconds=6, lines=60)
LASTING = Size(deployments=8, stages=2, seconds=130, lines=260)
EVERY = 5.0  # seconds between two kills

ALL_FINISH = "all succeed; each line of output is stored once and in order"
NOTHING_TWICE = (
    "no stage runs twice, no two pushes of a deployment overlap, a push without its worker ends "
    "within the lease + 10 s, none stays queued for 60 s with a free slot"
)


def _load(queue: str, title: str) -> Scenario:
    return pushing(
        f"load-{queue}",
        f"pushes of 6 stages, 20 at once, 4 workers on 2 machines, {title}",
        ALL_FINISH,
        long=Plan(**FULL, queue=queue),
        short=Plan(**FEW, queue=queue),
    )


def _kill(name: str, victims: tuple[str, ...], promise: str, queue: str = "postgresql") -> Scenario:
    return pushing(
        f"kill-{name}",
        f"SIGKILL of a random {' or '.join(victims)} every {EVERY:g} s",
        promise,
        long=Plan(**HALF, queue=queue, act=faults.kills(EVERY, victims, name)),
        short=Plan(**FEW, queue=queue, act=faults.kills(3, victims, name)),
    )


def _skew(name: str, title: str, **clocks: Any) -> Scenario:
    return pushing(
        f"skew-{name}",
        title,
        ALL_FINISH,
        long=Plan(**{**HALF, "pushes": 100}, **clocks),
        short=Plan(**FEW, **clocks),
    )


BERLIN = {"TZ": "Europe/Berlin", "PGTZ": "Europe/Berlin"}
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)

SCENARIOS = [
    _load("postgresql", "queue in PostgreSQL"),
    _load("redis", "queue in Redis"),
    _kill("worker", ("worker",), f"only pushes of killed workers are lost; {NOTHING_TWICE}"),
    _kill("web", ("web",), ALL_FINISH),
    _kill("postgresql", ("PostgreSQL",), ALL_FINISH),
    _kill("redis", ("Redis",), ALL_FINISH, queue="redis"),
    _kill(
        "all",
        ("worker", "web", "PostgreSQL", "Redis"),
        f"only pushes of killed workers are lost; {NOTHING_TWICE}",
        queue="redis",
    ),
    pushing(
        "flush",
        "FLUSHALL of Redis with 100 pushes waiting",
        ALL_FINISH,
        long=Plan(
            size=Size(deployments=140, slots=4),
            pushes=300,
            at_once=140,
            queue="redis",
            act=faults.flushes(100),
        ),
        short=Plan(
            size=Size(deployments=20, slots=1, lines=5),
            pushes=30,
            at_once=20,
            queue="redis",
            act=faults.flushes(10),
        ),
    ),
    pushing(
        "outage",
        "PostgreSQL is away for 45 s",
        ALL_FINISH,
        long=Plan(size=STEADY, pushes=40, at_once=10, act=faults.outages(45, 20)),
        short=Plan(**FEW, act=faults.outages(5, 4)),
    ),
    pushing(
        "cut-short",
        "the cable between workers and database is cut for 30 s",
        ALL_FINISH,
        long=Plan(size=STEADY, pushes=40, at_once=10, act=faults.cuts(30, 15)),
        short=Plan(
            size=Size(deployments=8, seconds=2, lines=20),
            pushes=12,
            at_once=8,
            act=faults.cuts(12, 4),
        ),
    ),
    *(
        pushing(
            f"cut-long{'-silent' * silent}",
            f"the cable is cut for 180 s during a stage{' that prints nothing' * silent}",
            "the stages of the worker have ended before another worker begins the deployment",
            long=Plan(
                size=Size(**{**LASTING.__dict__, "silent": silent}),
                pushes=16,
                at_once=8,
                act=faults.cuts(180, 15),
                loses=True,
            ),
            short=Plan(
                size=Size(deployments=4, stages=1, seconds=110, lines=110, silent=silent),
                pushes=6,
                at_once=4,
                act=faults.cut_once(115, 5),
                loses=True,
            ),
        )
        for silent in (False, True)
    ),
    _skew(
        "workers",
        "clocks of workers are 5 minutes ahead and behind",
        clocks=(300, -300, 0, 300),
    ),
    _skew("web", "the clocks of the web servers are 5 minutes behind", web_clock=-300),
    _skew("machine", "all clocks but those of the workers are 5 minutes behind", clock=-300),
    _skew("spring", "daylight saving time begins meanwhile", clock=SPRING, variables=BERLIN),
    _skew("autumn", "daylight saving time ends meanwhile", clock=AUTUMN, variables=BERLIN),
    pushing(
        "upgrade",
        "a new release of Rolf becomes current under load",
        f"{ALL_FINISH}; a request is repeated at most once",
        long=Plan(**{**HALF, "pushes": 100}, act=faults.upgrade),
        short=Plan(**{**FEW, "pushes": 30}, act=faults.upgrade),
    ),
    READERS,
    API,
]
