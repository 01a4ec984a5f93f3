"""Print the licenses as lines or as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from bootstrapper.next_step import edit, next_lines
from bootstrapper.plain_text import single_line
from vendor_fetch.program import retry_command
from vendor_fetch.reports.licenses import LicensedDistribution, shortened
from vendor_fetch.reports.table import counted, table

# Keys of the JSON; docs/reference.md prints this table.
KEYS = {
    "name, version": "the package",
    "license": "its license as an SPDX expression; null if it is not known",
    "source": "where the license comes from: `expression` (License-Expression), `classifier`, "
    "`field` (License), `text` (of a license file) or `override`; empty if it is not known",
    "stated": "what the metadata says in its own words, or the reason of an override",
    "files": "the vendored files, from the project's directory",
    "refusal": "why the project does not allow the license; empty if it does",
}


def license_json(rows: Sequence[LicensedDistribution]) -> list[dict[str, Any]]:
    """Return the licenses as a value of JSON."""
    return [
        {
            "name": row.distribution.name,
            "version": row.distribution.version,
            "license": row.license.expression,
            "source": row.license.source,
            "stated": row.license.stated,
            "files": [str(file.path) for file in row.distribution.files],
            "refusal": row.refusal,
        }
        for row in rows
    ]


def license_lines(rows: Sequence[LicensedDistribution]) -> Iterator[str]:
    """Yield a table of the licenses, and then each one that is not allowed, with the next step."""
    cells = [
        (row.distribution.name, row.distribution.version, _license(row), row.license.source)
        for row in rows
    ]
    yield from table([("package", "version", "license", "from"), *cells])
    refused = [row for row in rows if row.refusal]
    for row in refused:
        package = f"{row.distribution.name} {row.distribution.version}"
        yield single_line(f"{package}: {row.refusal}")
    if refused:
        example = f'{refused[0].distribution.name} = {{ license = "…", reason = "…" }}'
        change = (
            "add the license to allowed-licenses of [tool.vendor_fetch], or, if the license is "
            f"wrong, add to [tool.vendor_fetch.licenses]: {example}; then: {retry_command()}"
        )
        yield f"{counted(len(refused), 'package')} with a license that is not allowed"
        yield next_lines(edit("pyproject.toml", change))


def _license(row: LicensedDistribution) -> str:
    stated = row.license.stated
    unknown = f"unknown ({shortened(stated)})" if stated else "unknown"
    return row.license.expression or unknown
