"""What the tests of safety count, and the page that tells it."""

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = """\
# How safe a rebuild is, measured

`make reliability` wrote this page; don't edit it. {date}, {seconds:.0f} s, {system}, Python \
{python}, {cores} cores, on {disk}.

{summary}

| what was done to it | tried | survived | lost | what survived means |
|---|---:|---:|---:|---|
{rows}

{details}
The tests are in `tests/safety/`. `make test` runs the same ones with fewer tries: a random part of
theirs has a fixed seed, so a fault that is found can be found again.
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

    def note(self, outcome: str) -> None:
        """Count an outcome that the page tells."""
        self.notes[outcome] = self.notes.get(outcome, 0) + 1


class Figures:
    """All rows of a run. `scale` chooses the numbers: `tries(20, 200)` is 200 in a full run."""

    def __init__(self, page: Path | None, disk: Path) -> None:
        self._page = page
        self._disk = disk
        self._rows: dict[str, Row] = {}
        self._began = time.monotonic()

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

    def write(self) -> None:
        """Write the page, if one is wanted."""
        if self._page is None:
            return
        rows = sorted(self._rows.values(), key=lambda row: row.order)
        tried, survived = sum(row.tried for row in rows), sum(row.survived for row in rows)
        self._page.write_text(_PAGE.format(
            date=time.strftime("%Y-%m-%d"), seconds=time.monotonic() - self._began,
            disk=subprocess.run(["stat", "-f", "-c", "%T", self._disk], text=True, check=True,
                                stdout=subprocess.PIPE).stdout.strip(),
            system=f"{platform.system()} {platform.release()}", cores=os.cpu_count(),
            python=".".join(map(str, sys.version_info[:3])),
            summary=f"**{tried} tried, {survived} survived, {tried - survived} lost.**",
            rows="\n".join(f"| {row.title} | {row.tried} | {row.survived} | "
                           f"{row.tried - row.survived} | {row.meaning} |" for row in rows),
            details="".join(f"{row.title}: {_notes(row)}.\n\n" for row in rows if row.notes)),
            encoding="utf-8")


def _notes(row: Row) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in
                     sorted(row.notes.items(), key=lambda note: (-note[1], note[0])))
