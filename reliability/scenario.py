"""What is shown, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reliability.run import Plan, carry_out


@dataclass(frozen=True, kw_only=True)
class Result:
    """What was `measured`, and the `faults`, which are sentences. `details` is Markdown."""

    measured: str
    faults: list[str] = field(default_factory=list)
    details: str = ""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A row of the page. `run(project, directory, long)` measures it.

    The `short` form takes tens of seconds, and is what tests use.
    """

    name: str
    title: str
    promise: str
    run: Callable[[Path, Path, bool], Result]


def pushing(name: str, title: str, promise: str, *, long: Plan, short: Plan) -> Scenario:
    """Return a scenario that pushes according to a plan."""

    def run(project: Path, directory: Path, whole: bool) -> Result:
        outcome = carry_out(long if whole else short, project, directory)
        return Result(measured=str(outcome), faults=outcome.verdict.faults)

    return Scenario(name=name, title=title, promise=promise, run=run)
