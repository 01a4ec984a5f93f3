"""Print what becomes of a project: of its lines, of its files, and of its settings."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from bootstrapper import plain_text
from vendor_fetch.adopt.adoption import Adoption
from vendor_fetch.adopt.file_edit import FileEdit
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.site import Answers
from vendor_fetch.reports.table import counted, table

_WHOLE = {"bootstrap.py", "apache/reload"}


def entry_lines(adoption: Adoption) -> Iterator[str]:
    """Yield the table of the entries of the dependency files."""
    rows = [(row.outcome, row.place, row.text, row.detail) for row in adoption.rows]
    if rows:
        yield from table([("", "place", "line", "what becomes of it"), *rows])
        counts = {
            outcome: sum(row.outcome == outcome for row in adoption.rows)
            for outcome in ("taken", "merged", "changed", "refused")
        }
        numbers = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        yield f"{counted(len(rows), 'line')}: {numbers}"


def answer_lines(answers: Answers) -> Iterator[str]:
    """Yield the table of the answers that were neither given nor asked for."""
    rows = [
        ("assumed", f"{name}={found.value}", found.source)
        for name, found in answers.items()
        if found.source not in ("--set", "your answer")
    ]
    if rows:
        yield from table([("", "answer (change it with --set)", "from"), *rows])


def need_lines(needs: Iterable[Need]) -> Iterator[str]:
    """Yield what the deployment needs of the settings."""
    needs = list(needs)
    if needs:
        yield "What the deployment needs of the settings; no command changes them:"
    for need in needs:
        yield plain_text.single_line(f"  {need.file}: {need.why}")
        yield from (f"      {plain_text.single_line(line)}" for line in need.lines)


def difference(root: Path, edits: Mapping[PurePosixPath, FileEdit]) -> Iterator[str]:
    """Yield the difference of each file as git would print it."""
    for path, edit in sorted(edits.items()):
        old = (root / path).read_bytes() if (root / path).is_file() else b""
        name = str(path)
        if name in _WHOLE:
            yield f"+++ {name}  ({counted(len(edit.content.splitlines()), 'line')}, from the template)"
            continue
        for line in difflib.unified_diff(
            old.decode("utf-8", "replace").splitlines(),
            edit.content.decode("utf-8", "replace").splitlines(),
            name if old else "/dev/null",
            name,
            lineterm="",
        ):
            yield plain_text.single_line(line)
