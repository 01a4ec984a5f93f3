"""Read `--ignore ID --until DATE`, as often as it stands in a command."""

import argparse
from collections.abc import Sequence
from typing import Any

from bootstrapper.errors import InputError
from vendor_fetch.program import program_command
from vendor_fetch.reports.settings import Ignore, read_day

Words = Sequence[tuple[str, str]]
"""Options and their values, in the order of the command."""


class Ignoring(argparse.Action):
    """Append the option and its value to `ignoring`: an --until belongs to the --ignore before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Append."""
        known = getattr(namespace, "ignoring", None) or []
        namespace.ignoring = [*known, (self.dest, str(values))]


def ignores(words: Words) -> list[Ignore]:
    """Return what the options ignore. Raise InputError for an --ignore without an --until."""
    found: list[Ignore] = []
    waiting: list[str] = []
    for option, value in words:
        if option == "ignore":
            waiting.append(value.strip())
            continue
        until = read_day(value.strip())
        if until is None:
            raise _error(f"--until: {value!r} is not a date (YYYY-MM-DD)", "CVE-2024-1234")
        if not waiting:
            raise _error("--until stands behind the --ignore that it ends", "CVE-2024-1234")
        found += [Ignore(identifier=each, until=until) for each in waiting]
        waiting = []
    if waiting:
        raise _error(f"--ignore {waiting[0]} has no end: it needs --until", waiting[0])
    return found


def _error(fault: str, identifier: str) -> InputError:
    return InputError(
        "audit",
        fault,
        f"{program_command('audit', '--ignore', identifier, '--until', '2026-12-31')}  # such as",
    )
