"""The page with the results."""

from collections.abc import Mapping
from typing import Any

Rows = Mapping[str, Mapping[str, Any]]

HEAD = """\
# Real requirements

`make reliability-vendoring` writes this page; do not edit it. It keeps the rows of earlier runs.

## Requirement sets

Each file of `tests/vendor/sets/` is vendored from the configured index for Python 3.11, 3.12 and 3.13 on
Linux (x86_64, aarch64) and macOS (x86_64, arm64), 12 targets. Then `check` proves the files, and
`check --simulate` prints what each target takes. uv for each target, and pip of each Python that
is here install `apps.txt`, without a network; both must take exactly the same files.

| set | files | MB | uv agrees | pip agrees | faults |
|---|---:|---:|---:|---:|---|
"""


def page(sets: Rows, tarballs: Rows) -> str:
    """Return the page."""
    lines = [
        f"| {name} | {row['files']} | {row['bytes'] / 1e6:.0f} | {row['uv']} of 12 | "
        f"{row['pip']} of {row['pips']} | {len(row['faults']) or 'none'} |\n"
        for name, row in sets.items()
    ]
    return HEAD + "".join(lines) + _faults(sets) + _tarballs(tarballs)


def _tarballs(rows: Rows) -> str:
    only = {name: row for name, row in rows.items() if row["tarball"]}
    asked = [name for name in only if name.endswith("from source")]
    vendored = sum(row["vendored"] for row in only.values())
    built = sum(row["built"] == "yes" for row in only.values())
    missing = [name for name, row in only.items() if row["built"] not in ("", "yes")]
    text = (
        "\n## Source-only packages\n\n"
        "Each package of `tests/vendor/sets/source-only.txt` is vendored in a project of its own, "
        "without `build-requires`. Then the virtualenv is rebuilt from the vendored files alone, "
        "which builds the tarball with its vendored build requirements.\n\n"
        f"- tried: {len(rows)}, of which {len(only)} are vendored as a tarball; {len(asked)} of these "
        'have wheels, too, and are vendored with `format = "tarball"`\n'
        f"- vendored with all build requirements, `check` is clean: {vendored} of {len(only)}\n"
        f"- built offline: {built} of {len(only)}\n"
    )
    if missing:
        text += (
            f"- not built, because a C library or a program of the system is missing here: "
            f"{', '.join(missing)}\n"
        )
    wheels = [name for name, row in rows.items() if row["vendored"] and not row["tarball"]]
    if wheels:
        text += f"- have a wheel by now, and are not counted: {', '.join(wheels)}\n"
    return text + _faults(rows)


def _faults(rows: Rows) -> str:
    lines = [
        f"- **{name}**: `{' '.join(fault.replace('`', '').split())}`\n"
        for name, row in rows.items()
        for fault in row["faults"]
    ]
    return "\n" + "".join(lines) if lines else ""
