"""How many pushes have ended, how long they took and waited: counters that only grow.

The rows of pushes are the truth, so each web process counts the same. A process counts old pushes
once and remembers their sum: at each request it reads only pushes since the oldest active one.
"""

from dataclasses import dataclass, field

from django.db.models import Max, Min

from pushes.models import Push

from .prometheus import Histogram

CHUNK = 20_000  # rows that a query counts
DURATION = (5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)  # seconds
WAIT = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800)


@dataclass
class Totals:
    """Counters over pushes: durations by the state of their end, and the time before they began."""

    ended: dict[str, Histogram] = field(default_factory=dict)
    waited: Histogram = field(default_factory=lambda: Histogram(WAIT))

    def count(self, pushes):
        """Count the pushes of a queryset that have ended."""
        rows = pushes.exclude(ended=None).order_by()
        for state, queued, started, ended in rows.values_list(
            "state", "queued", "started", "ended"
        ):
            histogram = self.ended.setdefault(state, Histogram(DURATION))
            histogram.observe(max((ended - (started or ended)).total_seconds(), 0.0))
            if started:
                self.waited.observe(max((started - queued).total_seconds(), 0.0))

    def copy(self):
        """Return a copy, which counts on its own."""
        return Totals({name: each.copy() for name, each in self.ended.items()}, self.waited.copy())


class PushTotals:
    """The Totals of all pushes. One thread at a time may call it."""

    def __init__(self):
        """Nothing is counted yet."""
        self._upto, self._totals = 0, Totals()

    def __call__(self):
        """Return the Totals of now."""
        oldest = Push.objects.active().aggregate(pk=Min("pk"))["pk"]
        newest = Push.objects.aggregate(pk=Max("pk"))["pk"] or 0
        last = (oldest or newest + 1) - 1
        while self._upto < last:
            upto = min(self._upto + CHUNK, last)
            self._totals.count(Push.objects.filter(pk__gt=self._upto, pk__lte=upto))
            self._upto = upto
        totals = self._totals.copy()
        totals.count(Push.objects.filter(pk__gt=self._upto))
        return totals
