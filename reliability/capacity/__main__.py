"""The command line: `python -m reliability.capacity --project DIRECTORY`, run in a checkout as root."""

import argparse
import base64
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import described
from reliability.capacity.page import Claims, Idle, page
from reliability.installation import DATABASE
from reliability.statements import count
from tests.support.postgresql import PostgreSQL, postgresql
from tests.support.processes import ENDS_WITH_US
from tests.support.rolf_home import environment

PAGE = "rolf-capacity.md"
IN_ROLF = Path(__file__).with_name("in_rolf.py")
WAITING = 200
WAYS = ("rolf", "skip")


@dataclass(frozen=True)
class Rolf:
    """A built Rolf with a PostgreSQL."""

    project: Path
    database: PostgreSQL
    variables: Mapping[str, str]

    def ask(self, *words: object) -> Any:
        """Return what in_rolf.py prints."""
        run = subprocess.run(
            ["ve/bin/python", IN_ROLF, *map(str, words)],
            cwd=self.project,
            env=dict(self.variables),
            text=True,
            capture_output=True,
            check=False,
        )
        if run.returncode:
            sys.exit(run.stderr)
        return json.loads(run.stdout)

    @contextmanager
    def workers(self, number: int) -> Iterator[None]:
        """Run workers without anything to do."""
        running = [
            subprocess.Popen(
                [*ENDS_WITH_US, "ve/bin/python", "manage.py", "worker"],
                cwd=self.project,
                env=dict(self.variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(number)
        ]
        try:
            yield
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()

    def connections(self) -> int:
        """Return the number of connections to Rolf's database."""
        query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
        return int(self.database.sql(query))


@contextmanager
def _running(project: Path, scratch: Path) -> Iterator[Rolf]:
    with postgresql(durable=True) as database:
        database.create(DATABASE)
        variables = {
            **environment(),
            "DATABASE_URL": database.url(DATABASE),
            "DJANGO_SETTINGS_MODULE": "rolf.settings.embedded",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ROLF_SEAL_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "ROLF_WORK_DIRECTORY": str(scratch / "work"),
        }
        migrate = ["./manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=project, env=variables, check=True)
        yield Rolf(project, database, variables)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, simulate, and print the page."""
    parser = argparse.ArgumentParser(prog="python -m reliability.capacity", description=__doc__)
    parser.add_argument("--project", type=Path, required=True, help="a built Rolf with psycopg")
    parser.add_argument("--write", type=Path, metavar="DIRECTORY", help="write the page there")
    parser.add_argument("--short", action="store_true", help="less of everything")
    options = parser.parse_args(argv)
    sizes, idle_sizes, seconds = (
        ((1, 4), (2,), 5.0) if options.short else ((1, 4, 20, 100), (4, 20), 20.0)
    )
    with tempfile.TemporaryDirectory() as scratch, _running(options.project, Path(scratch)) as rolf:
        machine = described(Path(scratch))
        costs = rolf.ask("costs")
        costs["notify"] = rolf.ask("listening", 100, "rolf_work")
        costs["notify of another channel"] = rolf.ask("listening", 100, "rolf_push")
        writing = {number: rolf.ask("writing", number, 3)["rate"] for number in (1, 8)}
        claims = [
            Claims(way, number, WAITING, rolf.ask("claims", number, WAITING, way))
            for way in WAYS
            for number in sizes
        ]
        rolf.ask("clear")  # workers would clean up after the pushes
        idle = []
        for number in idle_sizes:
            before = rolf.connections()
            with rolf.workers(number):
                time.sleep(5 + number)  # until all have started
                counted = count(rolf.database, seconds)
                connections = (rolf.connections() - before) / number
                idle.append(Idle(number, counted.rate, connections))
    text = page(machine, costs, writing, claims, idle)
    if options.write:
        (options.write / PAGE).write_text(text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
