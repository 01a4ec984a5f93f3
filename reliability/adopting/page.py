"""The page with the results."""

from collections.abc import Mapping
from typing import Any

Rows = Mapping[str, Mapping[str, Any]]

HEAD = """\
# Real projects that move in

`make reliability-adopting` writes this page; do not edit it. It keeps the rows of earlier runs. It needs
root, an index with the packages, and Debian's `apache2-dev`; a set takes one or two minutes.

The dependency files of `tests/vendor/adopt/sets/` are those of real open-source projects. Each is in a small
Django project: settings with those apps of the set that need no services, a page and a static file. The
project's own program (uv, pipenv, poetry) locks them on the day of the run. Then, without an edit by hand:

1. `python -m vendor_fetch init --yes`, with empty caches (cold);
2. `init --undo`, after which every file must be as before, and `init --yes` again (warm);
3. `./bootstrap.py` without a network, with an empty store and with a full one (warm), then `check` of
   bootstrapper, `manage.py check`, `migrate` and `collectstatic`;
4. `manage.py runserver`, and Apache with mod_wsgi: the page and the static file must be right. The seconds
   are those from the start of the server to the first page.

"""
_STEPS = ("init cold", "init warm", "undo", "rebuild", "rebuild warm", "runserver", "apache")


def page(rows: Rows) -> str:
    """Return the page."""
    steps = " | ".join(_STEPS)
    lines = [
        f"| set | Python | files | MB | {steps} | faults |\n",
        f"|---|---|---:|---:|{'---:|' * len(_STEPS)}---|\n",
        *(_row(name, row) for name, row in rows.items()),
        "\n",
        *(_notes(name, row) for name, row in rows.items()),
    ]
    return HEAD + "".join(lines)


def _row(name: str, row: Mapping[str, Any]) -> str:
    seconds = " | ".join(f"{row[step]} s" if step in row else "" for step in _STEPS)
    size = f"{row.get('bytes', 0) / 1e6:.0f}"
    faults = len(row["faults"]) or "none"
    return f"| {name} | {row.get('python', '')} | {row.get('files', 0)} | {size} | {seconds} | {faults} |\n"


def _notes(name: str, row: Mapping[str, Any]) -> str:
    lines = [f"## {name}\n\n{row.get('origin', '')}. {row.get('account', '')}.\n"]
    if row.get("tarballs"):
        lines.append(f"\nBuilt from source: {', '.join(row['tarballs'])}.\n")
    if row.get("debian"):
        lines.append(f"\nThe builds need of Debian: {', '.join(row['debian'])}.\n")
    for command, counts in row.get("kills", {}).items():
        lines.append(
            f"\n`{command}` was killed {sum(counts.values())} times: the project was as before "
            f"{counts['before']} times, as after {counts['after']} times, and neither "
            f"{counts['neither']} times.\n"
        )
    unasked = [each.partition(" was locked, and nothing")[0] for each in row.get("deviations", ())]
    other = [each for each in row.get("deviations", ()) if " was locked, and nothing" not in each]
    idle = [each for each in unasked if each not in other]
    if row.get("account"):
        lines.append(f"\nLocked versions that another one replaces: {len(other) or 'none'}.")
    if idle:
        lines.append(
            f" Locked, but only for other systems, or for groups and extras: {', '.join(idle)}.\n"
        )
    lines += [f"\n- {each}" for each in (*other, *row["faults"])]
    return "".join(lines).rstrip() + "\n\n"
