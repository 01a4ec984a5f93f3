"""uv's error messages: whose fault it is, by what uv says, and what to do next."""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.version import InvalidVersion, Version
from bootstrapper.ve.wheel import undeclared
from vendor_fetch.index.uv import find_uv

# The first that has all we use of it (extra-build-dependencies); setup.cfg asks for it, too.
OLDEST_UV = "0.8.5"

_APPS_IN = "requirements/apps.in"
_SYNC = "python -m vendor_fetch sync"
# How uv begins to complain about its own variables and files; the options are ours, and right.
_OF_UV = re.compile(
    r"error: invalid value |failed to (read from|open) file|"
    r"Failed to parse: \S*(uv|pyproject)\.toml"
)
# A tarball that uv builds because nothing else says whom it depends on.
_BUILD = re.compile(r"Failed to (?:download and )?build `(?P<name>[^`\s=@]+)")
_BACKEND = re.compile(r"build backend|Call to `|build requirements|build dependencies")
# A file of a package that can't be read.
_DAMAGED = re.compile(
    r"Failed to (?:extract|unzip|unpack)|Invalid (?:zip|tar|gzip)"
    r"|invalid (?:package format|metadata)|[Mm]etadata .{0,80}(?:is invalid|could not be parsed)"
    r"|Failed to extract static metadata|Failed to (?:read|parse) metadata|[Hh]ash mismatch"
    r"|unexpected end of file|(?:dist-info|METADATA|WHEEL).{0,40}(?:not found|missing)"
)
_NAMED = re.compile(r"`(?P<name>[A-Za-z0-9][\w.-]*)(?:==| @ |` \(v)")
_ALL_OF = re.compile(r"all versions of (?P<name>[\w.-]+) cannot be used")
_NETWORK = re.compile(
    r"network was disabled|Failed to fetch|[Ee]rror sending request|[Cc]ould not connect|dns error"
    r"|tcp connect|timed out|Connection (?:refused|reset)|HTTP status|certificate|"
    r"\b(?:401|403|407|5\d\d) [A-Z]|[Uu]nauthorized|[Ff]orbidden|Network unreachable"
)
_NOT_FOUND = re.compile(r"was not found in the (?:package registry|provided package locations)")


def failed_build(said: str) -> str | None:
    """The name of the package whose tarball uv could not build; None if that is not why."""
    match = _BUILD.search(said)
    return match["name"] if match and _BACKEND.search(said) else None


def warnings(said: str) -> list[str]:
    """The warnings among what uv printed, without what it says of the Python that builds."""
    return [
        line
        for line in said.splitlines()
        if line.startswith("warning:") and "will be used to build dependencies" not in line
    ]


def uv_error(
    said: str,
    status: int,
    *,
    of_people: bool,
    build_requires: Sequence[str] = (),
    asker: Callable[[str], str] = lambda name: _APPS_IN,
) -> BootstrapperError:
    """The error for a uv that failed; `of_people` if requirements/apps.in was asked for.

    `asker` tells in words which line asks for the package of a name.
    """
    fault = (
        "\n".join(
            line
            for line in said.strip().splitlines()
            if line and not line.startswith(("warning:", "For more information"))
        )
        or f"uv ended with status {status}"
    )
    if found := _too_old():
        return InputError(
            "uv",
            f"{found} is too old, {OLDEST_UV} or later is needed",
            f"{sys.executable} -m pip install 'uv>={OLDEST_UV}'",
        )
    if _OF_UV.search(said):
        return InputError(
            "uv's settings (UV_… in the environment, uv.toml, [tool.uv])",
            fault,
            "correct that setting, then run the same command again",
        )
    where = _APPS_IN if of_people else "the index"
    if name := failed_build(said):
        return _of_build(name, fault, build_requires, asker)
    if _DAMAGED.search(said):
        named = _NAMED.search(said) or _ALL_OF.search(said)
        return WorkFailed(
            named["name"] if named else where,
            fault,
            "ask for another version of it in requirements/apps.in, or replace the file if it is "
            f"in {SOURCE}/ (git checkout -- {SOURCE}), then run: {_SYNC}",
        )
    if _NETWORK.search(said):
        return WorkFailed(
            where,
            fault,
            "see that the index that pip or uv is configured for can "
            "be reached and has it, then run the same command again",
        )
    if of_people and "parse" in said and status == 2:
        return InputError(where, fault, f"correct the line, then run: {_SYNC}")
    if _NOT_FOUND.search(said):
        return WorkFailed(
            where,
            fault,
            "change what it asks for, or see that the index that pip "
            f"or uv is configured for has it, then run: {_SYNC}",
        )
    if "unsatisfiable" in said or "No solution found" in said:
        return WorkFailed(where, fault, f"change what it asks for, then run: {_SYNC}")
    return WorkFailed("uv", fault, f"do what uv says above, then run: {_SYNC}")


def _of_build(
    name: str, fault: str, build_requires: Sequence[str], asker: Callable[[str], str]
) -> WorkFailed:
    # uv's hint names settings of its own, which don't change what a project vendors.
    fault = fault.partition("\nhint:")[0]
    setting = undeclared.setting(fault, build_requires)
    if setting:
        return WorkFailed(
            name,
            fault,
            f"write {setting} into [tool.vendor_fetch] of pyproject.toml, then run: {_SYNC}",
        )
    return WorkFailed(
        name,
        fault,
        "if it imports what it does not declare, write that into "
        "build-requires of [tool.vendor_fetch] in pyproject.toml; or ask for another "
        f"version of it in {asker(canonical_name(name))}; then run: {_SYNC}",
    )


def _too_old() -> str:
    """Which uv this is, if it is too old; else empty."""
    said = subprocess.run(
        [find_uv(), "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    match = re.match(r"uv (\S+)", said)
    try:
        return f"uv {match[1]}" if match and Version(match[1]) < Version(OLDEST_UV) else ""
    except InvalidVersion:
        return ""
