"""What the tests of safety count, and the page that tells it."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_PAGE = """\
# Reliability of a rebuild

`make reliability` writes this page; do not edit it. {date}, {system}, Python \
{python}, {cores} cores, on {disk}.

{summary}

| fault | tried | survived | lost | what a rebuild that survives does |
|---|---:|---:|---:|---|
{rows}

{details}
The tests are in `tests/safety/`. `make test` runs the same tests with fewer tries. Random choices
have a fixed seed, so a fault that was found once can be found again. A row keeps the result of an
earlier run until it is tried again (`make reliability ARGS='-k kill'`).
"""


@dataclass
class Row:
    """One kind of fault: `tried` and `survived` count, `meaning` says what survived means."""

    order: int
    title: str
    meaning: str
    tried: int = 0
    survived: int = 0
    notes: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """One try, survived unless something is raised; one that Ctrl-C ends is none."""
        self.tried += 1
        try:
            yield
        except KeyboardInterrupt:
            self.tried -= 1
            raise
        self.survived += 1

    def note(self, outcome: str) -> None:
        """Count an outcome that the page tells."""
        self.notes[outcome] = self.notes.get(outcome, 0) + 1


class Figures:
    """All rows of a run. `scale` chooses the numbers: `tries(20, 200)` is 200 in a full run."""

    def __init__(self, page: Path | None, disk: Path) -> None:
        self._page = page
        self._disk = disk
        self._rows: dict[str, Row] = {}

    @property
    def full(self) -> bool:
        """Whether the page is written, with the numbers that it promises."""
        return self._page is not None

    def tries(self, few: int, many: int) -> int:
        """How often to try: `few` in `make test`, `many` for the page."""
        return many if self.full else few

    def row(self, order: int, title: str, meaning: str) -> Row:
        """The row of a kind of fault; `order` is its place in the table."""
        return self._rows.setdefault(title, Row(order, title, meaning))

    def rows(self) -> dict[str, dict[str, Any]]:
        """The rows of this run by their titles, as JSON has them."""
        return {title: asdict(row) for title, row in self._rows.items()}

    def write(self, found: Mapping[str, Mapping[str, Any]]) -> None:
        """Write the page of such rows, if one is wanted."""
        if self._page is None:
            return
        rows = sorted((Row(**row) for row in found.values()), key=lambda row: row.order)
        tried, survived = sum(row.tried for row in rows), sum(row.survived for row in rows)
        self._page.write_text(
            _PAGE.format(
                date=time.strftime("%Y-%m-%d"),
                disk=subprocess.run(
                    ["stat", "-f", "-c", "%T", self._disk],
                    text=True,
                    check=True,
                    stdout=subprocess.PIPE,
                ).stdout.strip(),
                system=f"{platform.system()} {platform.release()}",
                cores=os.cpu_count(),
                python=".".join(map(str, sys.version_info[:3])),
                summary=f"**{tried} tried, {survived} survived, {tried - survived} lost.**",
                rows="\n".join(
                    f"| {row.title} | {row.tried} | {row.survived} | "
                    f"{row.tried - row.survived} | {row.meaning} |"
                    for row in rows
                ),
                details="".join(f"{row.title}: {_notes(row)}.\n\n" for row in rows if row.notes),
            ),
            encoding="utf-8",
        )


def _notes(row: Row) -> str:
    return ", ".join(
        f"{count} {outcome}"
        for outcome, count in sorted(row.notes.items(), key=lambda note: (-note[1], note[0]))
    )
