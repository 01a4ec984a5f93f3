"""The page about capacity: what was measured, how well the simulation agrees, and where limits are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.table import table
from reliability.capacity.load import Costs, Demand, Load, demands, idle_statements
from reliability.capacity.simulation import Claimed, Times, claims

CORES = 2  # of the machine that measured, for both sides
SERVER = 16  # cores of the database's machine in the simulation
# A claim is an UPDATE, and PostgreSQL's query for the foreign key.
OF_A_CLAIM = {"rolf": 2, "skip": 4}
MEASURED = (
    ("heartbeat", "a heartbeat"),
    ("sweep", "a clean-up after dead workers"),
    ("look", "a look at what waits, if nothing does"),
    ("failed try", "a try to claim a push that another worker has"),
    ("claim of 1", "a claim, 1 push waits (with giving it back)"),
    ("claim of 1000", "a claim, 1,000 wait"),
    ("claim of 10000", "a claim, 10,000 wait"),
    ("skip of 10000", "the same with SKIP LOCKED"),
    ("skip of 10000 with an index", "the same with SKIP LOCKED and an index on what waits"),
    ("a line", "output, one line"),
    ("64 KB", "output, 64 KB"),
    ("ask", "whether a push is cancelled"),
    ("watch", "a look at a running push"),
    ("page of a push", "the page of a push"),
    ("front page of 10000 deployments", "the front page of a superuser, 10,000 deployments"),
)


@dataclass(frozen=True)
class Claims:
    """What claim loops on this machine needed for so many waiting pushes."""

    way: str
    workers: int
    waiting: int
    measured: Mapping[str, float]


@dataclass(frozen=True)
class Idle:
    """What workers without work asked of the database."""

    workers: int
    statements: float  # a second
    connections: float  # of each


def page(
    machine: str,
    costs: Costs,
    writing: Mapping[int, float],
    measured: Sequence[Claims],
    idle: Sequence[Idle],
) -> str:
    """Return the page."""
    load = Load()
    now, later = demands(load, costs), demands(load, costs, wakes_all=False)
    by_cores = sorted(now, key=lambda one: -one.cores)
    stored = costs["64 KB"]["bytes"] / 64_000
    megabytes = costs["notify"]["kilobytes"] / 1000
    each = idle[-1].connections
    connections = load.workers * each + load.running
    return "\n".join(
        [
            "# Capacity of Rolf",
            "",
            "`python -m reliability.capacity --project DIRECTORY --write docs` writes this page; do "
            f"not edit it. {machine}.",
            "",
            f"The question: {load.deployments:,} deployments, {load.workers:,} workers on machines "
            f"of their own, {load.log_bytes / 1e9:.0f} GB of output a day. This page assumes "
            f"{load.pushes:,} pushes a day of {load.push_seconds:.0f} s, {load.peak:.0f} times the "
            f"mean at the busiest time ({load.begun:.1f} pushes begin in a second, "
            f"{load.running:.0f} run), {load.pages:.0f} pages a second, and a database with "
            f"{SERVER} cores like the ones here. The constants are measured; the sizes are "
            "simulated. Nobody has run this installation.",
            "",
            "## Where the limits are",
            "",
            *_limits(now, by_cores, connections, megabytes),
            "",
            "## What the database has to do",
            "",
            "In a second, at the busiest time:",
            "",
            *table(
                ["", "times", "statements", "cores", "WAL, MB"],
                [*map(_row, by_cores), _row(_total(now))],
            ),
            "",
            "If a notification woke one worker instead of all:",
            "",
            *table(
                ["", "times", "statements", "cores", "WAL, MB"],
                [_row(_total(later))],
            ),
            "",
            f"The output of a day takes {load.log_bytes * stored / 1e9:.0f} GB in the database "
            f"({stored:.2f} bytes for each byte of output, of which half is random), and "
            f"{load.log_bytes * costs['64 KB']['wal'] / 64_000 / 1e9:.0f} GB of WAL before chunks are "
            f"joined. With `ROLF_LOG_STORE_AFTER=7` the database keeps a week, "
            f"{7 * load.log_bytes * stored / 1e9:.0f} GB. Disk space is no limit of the design, but "
            "set `ROLF_LOG_STORE` and `ROLF_LOG_STORE_AFTER=0` for this size.",
            "",
            "## What was measured",
            "",
            *table(
                ["", "statements", "rows", "CPU of the database, ms", "answer, ms", "WAL, bytes"],
                [
                    [
                        words,
                        f"{cost['statements']:.0f}",
                        f"{cost['rows']:,.0f}",
                        f"{cost['cpu'] * 1000:.2f}",
                        f"{cost['seconds'] * 1000:.1f}",
                        f"{cost['wal']:,.0f}",
                    ]
                    for key, words in MEASURED
                    for cost in [costs[key]]
                ],
            ),
            "",
            "A notification costs the database "
            f"{costs['notify']['cpu'] * 1e6:.0f} µs of CPU for each listener (100 listeners), and "
            f"{costs['notify of another channel']['cpu'] * 1e6:.0f} µs if the listener waits for "
            f"another channel. A connection has {megabytes:.1f} MB (Pss). "
            + ", ".join(
                f"{number} {'writer stores' if number == 1 else 'writers store'} {rate:.0f} chunks "
                "of output a second"
                for number, rate in writing.items()
            )
            + ", with both sides on this machine, and each on the disk (fsync).",
            "",
            "## How well the simulation agrees",
            "",
            f"Claim loops wait for one signal, and then claim {measured[0].waiting} pushes as fast as "
            f"they can. All processes share the {CORES} cores of this machine, which other programs "
            "use as well. The simulation takes the times above and has no other constants.",
            "",
            *table(
                [
                    "claims",
                    "workers",
                    "statements",
                    "simulated",
                    "error",
                    "seconds",
                    "simulated",
                    "error",
                ],
                [_compared(one, costs) for one in measured],
            ),
            "",
            "So the numbers of statements can be relied on. Real claims take longer than simulated ones, "
            "because the simulation does not know other programs, forks and locks of rows.",
            "",
            "Idle workers (`manage.py worker`), statements a second:",
            "",
            *table(
                ["workers", "measured", "model", "error", "connections of each"],
                [
                    [
                        str(one.workers),
                        f"{one.statements:.1f}",
                        f"{(model := idle_statements(one.workers, costs)):.1f}",
                        _error(model, one.statements),
                        f"{one.connections:.1f}",
                    ]
                    for one in idle
                ],
            ),
            "",
            "## Many workers and one queue",
            "",
            f"{SERVER} cores, workers of 8 slots, all woken at once:",
            "",
            *table(
                [
                    "workers",
                    "pushes that wait",
                    "statements",
                    "seconds",
                    "with SKIP LOCKED, seconds",
                ],
                [
                    _race(workers, waiting, costs)
                    for workers, waiting in [(100, 100), (1000, 1), (1000, 100), (1000, 1000)]
                ],
            ),
            "",
        ]
    )


def _limits(
    now: Sequence[Demand], by_cores: Sequence[Demand], connections: float, megabytes: float
) -> list[str]:
    total = _total(now)
    lines = [
        f"1. **{by_cores[0].what[0].upper()}{by_cores[0].what[1:]}**: {by_cores[0].cores:.1f} cores "
        f"of {SERVER}. In all, the database needs {total.cores:.1f} cores and carries out "
        f"{total.statements:,.0f} statements a second.",
        f"2. **Connections**: {connections:,.0f}, with {connections * megabytes / 1000:.1f} GB. "
        "PostgreSQL's default is 100. A pooler of transactions cannot serve `LISTEN`.",
        "3. **Claims while much waits**: a worker reads and sorts all pushes that wait. See the last "
        "table.",
        "4. **The bytes of output** are far from a limit: "
        + next(
            f"{one.cores:.2f} cores, {one.wal / 1e6:.1f} MB of WAL a second."
            for one in now
            if one.what == "the bytes of output"
        ),
    ]
    return [
        *lines,
        "",
        "The row of notifications of output is an upper bound: here PostgreSQL woke a connection for "
        "each notification, and at that rate it would join many.",
        "",
        "What to change then, in this order:",
        "",
        "- PostgreSQL wakes every connection that listens to any channel, for each notification of "
        "the database. Let stored output notify only while a page follows the push, or at most once "
        "a second.",
        "- Let one process of each machine listen, with more `--slots` on fewer workers: 100 workers "
        "of 80 slots need a tenth of it all.",
        "- Claim with `SELECT … FOR UPDATE SKIP LOCKED LIMIT`, and an index on the pushes that wait.",
        "- Split the installation by [label](rolf.md): each part with a database of its own.",
    ]


def _total(all_of_it: Sequence[Demand]) -> Demand:
    return Demand(
        "in all",
        0.0,
        sum(one.statements for one in all_of_it),
        sum(one.cores for one in all_of_it),
        sum(one.wal for one in all_of_it),
    )


def _row(one: Demand) -> list[str]:
    return [
        one.what,
        f"{one.rate:,.0f}" if one.rate else "",
        f"{one.statements:,.0f}",
        f"{one.cores:.2f}",
        f"{one.wal / 1e6:.2f}",
    ]


def _times(costs: Costs, way: str, kind: str) -> Times:
    """Return the times of statements: of the answer, or of the database's CPU alone."""
    back = costs["give back"][kind]
    one, many = (
        (costs["claim of 1"][kind], costs["claim of 10000"][kind])
        if way == "rolf"
        else (costs["skip of 1"][kind], costs["skip of 10000"][kind])
    )
    select = costs["select"][kind]
    return Times(
        select=select,
        row=max(0.0, (many - one) / 10_000),
        update=max(0.0, one - back - select),
        fails=costs["failed try"][kind],
    )


def _compared(one: Claims, costs: Costs) -> list[str]:
    found = claims(
        workers=one.workers,
        waiting=one.waiting,
        cores=CORES,
        times=_times(costs, one.way, "seconds"),
        skips=one.way == "skip",
    )
    # A worker is one process: with one worker, one core waits for the other.
    statements = _statements(found, one.waiting, one.way)
    return [
        {"rolf": "one UPDATE after another", "skip": "SKIP LOCKED"}[one.way],
        str(one.workers),
        f"{one.measured['statements']:,.0f}",
        f"{statements:,.0f}",
        _error(statements, one.measured["statements"]),
        f"{one.measured['seconds']:.2f}",
        f"{found.seconds:.2f}",
        _error(found.seconds, one.measured["seconds"]),
    ]


def _statements(found: Claimed, waiting: int, way: str) -> int:
    if way == "skip":  # BEGIN and COMMIT, too, also of the last, which finds nothing
        return found.selects * 3 + waiting * 2
    return found.selects + found.failed + waiting * OF_A_CLAIM[way]


def _race(workers: int, waiting: int, costs: Costs) -> list[str]:
    found, skipping = (
        claims(
            workers=workers,
            waiting=waiting,
            cores=SERVER,
            times=_times(costs, way, "cpu"),
            slots=8,
            skips=way == "skip",
        )
        for way in ("rolf", "skip")
    )
    return [
        f"{workers:,}",
        f"{waiting:,}",
        f"{_statements(found, waiting, 'rolf'):,}",
        f"{found.seconds:.2f}",
        f"{skipping.seconds:.2f}",
    ]


def _error(model: float, measured: float) -> str:
    return f"{(model / measured - 1) * 100:+.0f} %" if measured else "-"
