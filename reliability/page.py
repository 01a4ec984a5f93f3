"""The page with the results."""

from collections.abc import Mapping, Sequence
from typing import Any

from reliability.scenario import Scenario

LISTED = 5  # faults of a row

HEAD = """\
# Reliability of Rolf on several machines

`make reliability` writes this page; do not edit it. {machine}

PostgreSQL and Redis run on this machine, and two web servers (`manage.py rolf`). Each of two machines,
which are namespaces of network, processes and host name, has two workers. Users push by the API, and
repeat requests that got no answer. Each stage writes its lines to a file on its target before it prints
them. After a run, a program compares these files with Rolf's logs and states.

| what happens | promise | measured | kept |
|---|---|---|---|
"""


def page(scenarios: Sequence[Scenario], rows: Mapping[str, Mapping[str, Any]], machine: str) -> str:
    """Return the page. It has the rows of earlier runs, too."""
    lines, details = [], []
    for scenario in scenarios:
        if not (row := rows.get(scenario.name)):
            continue
        kept = "yes" if not row["faults"] else "**no**"
        measured = f"{row['measured']} ({row['form']} form, {row['date']})"
        lines.append(f"| {scenario.title} | {scenario.promise} | {measured} | {kept} |\n")
        if row["faults"]:
            shown = row["faults"][:LISTED]
            more = len(row["faults"]) - len(shown)
            details.append(
                f"\n**{scenario.title}**: "
                + "; ".join(shown)
                + (f"; and {more} more" if more else "")
                + ".\n"
            )
        if row["details"]:
            details.append(f"\n## {scenario.title}\n\n{row['details']}\n")
    return HEAD.format(machine=machine) + "".join(lines) + "".join(details)
