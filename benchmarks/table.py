"""Tables of a page, in Markdown."""

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.race import Seconds
from benchmarks.target import Target

ALIGNED = {True: "---", False: "---:"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Its lines; all columns but the first are numbers."""
    rule = [ALIGNED[number == 0] for number in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in [head, rule, *rows]]


def of_seconds(seconds: Seconds) -> list[str]:
    """A row for each title."""
    return table(
        ["seconds", "least", "median", "most"],
        [
            [title, f"{min(each):.2f}", f"{median(each):.2f}", f"{max(each):.2f}"]
            for title, each in seconds.items()
        ],
    )


def of_targets(targets: Iterable[Target]) -> list[str]:
    """A row for each; what was missed stands out."""
    return table(
        ["", "at most", "measured", "reached"],
        [[target.what, f"{target.most:.2f}", *_measured(target)] for target in targets],
    )


def _measured(target: Target) -> tuple[str, str]:
    if target.measured is None:
        return "peer is missing", "not known"
    return f"{target.measured:.2f}", "yes" if target.reached else "**no**"
