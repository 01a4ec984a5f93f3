"""Simulate workers that claim pushes at the same time, as discrete events."""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds that a statement keeps a core busy.

    `select` finds the waiting pushes, and takes `row` more for each; `update` claims one, and `fails`
    finds that another worker has.
    """

    select: float
    row: float
    update: float
    fails: float


@dataclass(frozen=True)
class Claimed:
    """How long workers needed, and how many attempts failed."""

    seconds: float
    failed: int
    selects: int


class _Cores:
    """Cores that serve statements in the order of their arrival."""

    def __init__(self, count: int) -> None:
        self._free = [0.0] * count

    def serve(self, at: float, seconds: float) -> float:
        """Return when a statement that arrives at that time has been served."""
        end = max(at, heapq.heappop(self._free)) + seconds
        heapq.heappush(self._free, end)
        return end


def claims(
    *, workers: int, waiting: int, cores: int, times: Times, slots: int = 0, skips: bool = False
) -> Claimed:
    """Simulate workers that all begin at once and stop when nothing waits.

    Each reads what waits, in order, and tries one after the other until it gets one. A worker takes
    `slots` pushes at most; 0 is no limit. With `skips` a worker gets the next push by one statement
    (SKIP LOCKED), which reads the rows on the server.
    """
    left = list(range(waiting))
    taken = [False] * waiting
    served = _Cores(cores)
    failed = selects = 0
    last = 0.0
    # A worker's turn: (time, worker, the pushes that it has read, the next of these, its pushes).
    turns: list[tuple[float, int, list[int] | None, int, int]] = [
        (0.0, worker, None, 0, 0) for worker in range(workers)
    ]
    heapq.heapify(turns)
    while turns:
        at, worker, read, index, mine = heapq.heappop(turns)
        if read is None:
            if len(left) and taken[left[0]]:
                left = [push for push in left if not taken[push]]
            selects += 1
            end = served.serve(at, times.select + times.row * len(left))
            last = max(last, end)
            if skips and left:
                taken[left.pop(0)] = True
                end = served.serve(end, times.update)
                if mine + 1 != slots:
                    heapq.heappush(turns, (end, worker, None, 0, mine + 1))
            elif left:
                heapq.heappush(turns, (end, worker, left, 0, mine))
            continue
        if index == len(read):
            continue  # others have taken all of them: this worker goes to sleep
        if taken[read[index]]:
            failed += 1
            end = served.serve(at, times.fails)
            heapq.heappush(turns, (end, worker, read, index + 1, mine))
        else:
            taken[read[index]] = True
            end = served.serve(at, times.update)
            if mine + 1 != slots:
                heapq.heappush(turns, (end, worker, None, 0, mine + 1))
        last = max(last, end)
    return Claimed(last, failed, selects)
