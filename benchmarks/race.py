"""Contenders in turn, in one run."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

from benchmarks.contender import Contender

Seconds = Mapping[str, Sequence[float]]
"""Seconds by title, in the order of the rounds."""


def race(contenders: Sequence[Contender], runs: int) -> Seconds:
    """Let everyone run once uncounted, then `runs` times in turn.

    Each round begins with another one, so that nobody always follows the same neighbour.
    """
    seconds: dict[str, list[float]] = {contender.title: [] for contender in contenders}
    for contender in contenders:
        contender.prepare()
        contender.run()
        contender.check()
    for number in range(runs):
        first = number % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            contender.prepare()
            seconds[contender.title].append(stopwatch(contender.run))
            contender.check()
        progress(f"round {number + 1}/{runs}")
    return seconds


def stopwatch(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(seconds: Seconds, one: str, other: str) -> float:
    """The median of the rounds' ratios: what disturbs a round disturbs both in it."""
    return median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))


def progress(text: str) -> None:
    """Long work shows that it goes on."""
    print(text, file=sys.stderr, flush=True)
