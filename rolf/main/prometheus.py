"""Prometheus' text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from dataclasses import dataclass, field

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Metric:
    """A metric: `samples` are (suffix of the name, labels, value)."""

    name: str
    kind: str  # gauge, counter or histogram
    help: str
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def add(self, value, suffix="", **labels):
        """Add a sample, and return the metric."""
        self.samples.append((suffix, labels, value))
        return self

    def lines(self):
        """Yield the lines of the metric."""
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} {self.kind}"
        for suffix, labels, value in self.samples:
            yield f"{self.name}{suffix}{_labels(labels)} {_number(value)}"


@dataclass
class Histogram:
    """Counts of values up to each of the `bounds`, and of all; and their sum."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    number: int = 0
    sum: float = 0.0

    def __post_init__(self):
        """Start with zeros."""
        self.counts = self.counts or [0] * len(self.bounds)

    def observe(self, value):
        """Count a value."""
        self.number += 1
        self.sum += value
        for index, bound in enumerate(self.bounds):
            if value <= bound:
                self.counts[index] += 1

    def copy(self):
        """Return a copy, which counts on its own."""
        return Histogram(self.bounds, list(self.counts), self.number, self.sum)

    def add_to(self, metric, **labels):
        """Add the samples to the metric."""
        for bound, count in zip(self.bounds, self.counts, strict=True):
            metric.add(count, "_bucket", **labels, le=_number(bound))
        metric.add(self.number, "_bucket", **labels, le="+Inf")
        metric.add(self.sum, "_sum", **labels).add(self.number, "_count", **labels)


def render(metrics):
    """Return the text of the metrics."""
    return "".join(f"{line}\n" for metric in metrics for line in metric.lines())


def _labels(labels):
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value):
    return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value):
    return str(int(value)) if float(value).is_integer() else repr(float(value))
