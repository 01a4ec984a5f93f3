"""What a person on a terminal reads while somebody else is asked and takes his time."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bootstrapper.deploy.target.ssh import HERE
from bootstrapper.plain_text import single_line
from bootstrapper.progress import Progress


@contextmanager
def waiting(text: str, verbosity: int) -> Iterator[None]:
    """Show the text as long as it takes, on standard error, as it is no result."""
    progress = Progress(sys.stderr, verbosity)
    progress.paint(f"{single_line(text)} ...")
    try:
        yield
    finally:
        progress.paint("")


def host_names(hosts: Sequence[str]) -> str:
    """The hosts of a deployment, as people say it."""
    return ", ".join("this machine" if host == HERE else host for host in hosts)
