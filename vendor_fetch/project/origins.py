"""Read and write where the vendored files come from that apps.in names by an address.

A lock records it in a comment, with the address as apps.in has it, and what it led to:

    # mylib-1.0.tar.gz comes from: git+https://git.example.org/mylib.git@main | 9f2c…
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.ve.project.lockfile import APPS, COMES_FROM, SEPARATOR, read_records


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a vendored file comes from.

    `url` is the address in apps.in, and `pin` what it led to: a commit of git, the sha256 of a file,
    or that of a directory's files.
    """

    url: str
    pin: str


Origins = Mapping[str, Origin]  # by the name of the file


def read_origins(directory: Path) -> dict[str, Origin]:
    """Return the origins in the apps.txt of a directory."""
    return {
        file: Origin(url=texts[0].replace("%7C", "|"), pin=texts[1])
        for file, kinds in read_records(directory, APPS).items()
        if len(texts := kinds.get(COMES_FROM, ())) == 2
    }


def origin_line(file: str, origin: Origin) -> str:
    """Return the comment of a lock for the origin of a file."""
    return f"# {file} {COMES_FROM}: {origin.url.replace('|', '%7C')}{SEPARATOR}{origin.pin}\n"
