"""Turn a failure of uv into an error: what went wrong, whose fault it is, and what to do next."""

import re
import subprocess
from collections.abc import Callable, Sequence

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.version import InvalidVersion, Version
from bootstrapper.ve.wheel import undeclared
from vendor_fetch.index.uv import OLDEST_UV, find_uv
from vendor_fetch.program import (
    edit_and_sync,
    install_command,
    online_command,
    program_command,
    retry_command,
    sync_command,
)
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.resolve import memory

# How uv's errors about its own variables and files begin. The options are ours, and right.
_SETTINGS = re.compile(
    r"error: invalid value |failed to (read from|open) file|"
    r"Failed to parse: \S*(uv|pyproject)\.toml"
)
# uv builds a tarball if nothing else says what it depends on.
_BUILD = re.compile(r"Failed to (?:download and )?build `(?P<name>[^`\s=@]+)")
_BACKEND = re.compile(r"build backend|Call to `|build requirements|build dependencies")
# A file of a package cannot be read.
_DAMAGED = re.compile(
    r"Failed to (?:extract|unzip|unpack)|Invalid (?:zip|tar|gzip)"
    r"|invalid (?:package format|metadata)|[Mm]etadata .{0,80}(?:is invalid|could not be parsed)"
    r"|Failed to extract static metadata|Failed to (?:read|parse) metadata|[Hh]ash mismatch"
    r"|unexpected end of file|(?:dist-info|METADATA|WHEEL).{0,40}(?:not found|missing)"
)
_NAMED = re.compile(r"`(?P<name>[A-Za-z0-9][\w.-]*)(?:==|\s@\s|` \(v)")
_ALL_OF = re.compile(r"all versions of (?P<name>[\w.-]+) cannot be used")
_NETWORK = re.compile(
    r"network was disabled|Failed to fetch|[Ee]rror sending request|[Cc]ould not connect|dns error"
    r"|tcp connect|timed out|Connection (?:refused|reset)|HTTP status|certificate|"
    r"\b(?:401|403|407|5\d\d) [A-Z]|[Uu]nauthorized|[Ff]orbidden|Network unreachable"
)
_SCHEME = re.compile(
    r"Failed to fetch: (?P<address>\S+?)(?:\.metadata)?\s.*URL scheme is not allowed", re.DOTALL
)
# Only direct requirements may name addresses: https://docs.astral.sh/uv/pip/compatibility/
_URL_DEPENDENCY = re.compile(
    r"(?:for package `(?P<who>[^`]+)`.*?)?Package `(?P<name>[^`]+)` was included as a URL dependency"
    r".*?Consider adding `(?P<line>[^`]+)`",
    re.DOTALL,
)
_FILE = re.compile(r" @ file:[^`]*(?=`)")
_UNCACHED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*) was not found in the cache")
# How much of the log of a failed build an error message shows.
_FIRST_LINES, _LAST_LINES = 5, 30
_NOT_FOUND = re.compile(r"was not found in the (?:package registry|provided package locations)")


class Unsatisfiable(WorkFailed):
    """The requirements have no solution; `output` is how uv explains it."""

    def __init__(self, where: str, fault: str, next_step: str, output: str = "") -> None:
        super().__init__(where, fault, next_step)
        self.output = output


def failed_build(output: str) -> str | None:
    """Return the package whose tarball uv could not build, or None for another failure."""
    match = _BUILD.search(output)
    return match["name"] if match and _BACKEND.search(output) else None


def names_address(output: str) -> bool:
    """Return whether uv has refused an address in the metadata of a package."""
    return bool(_URL_DEPENDENCY.search(output)) or "conflicting URLs" in output


def warnings(output: str) -> list[str]:
    """Return the warnings in uv's output, but those about the Python that builds."""
    return [
        # The path of a vendored file is that of a temporary directory.
        _FILE.sub("", line)
        for line in output.splitlines()
        if line.startswith("warning:") and "will be used to build dependencies" not in line
    ]


def uv_error(
    output: str,
    status: int,
    *,
    for_apps_in: bool,
    build_requires: Sequence[str] = (),
    requesting_line: Callable[[str], str] = lambda name: str(APPS_IN),
) -> BootstrapperError:
    """Return the error for a failed run of uv, by what uv has printed.

    `for_apps_in` says whether uv resolved requirements/apps.in. `requesting_line` returns, in
    words, the line of apps.in that asks for the named package.
    """
    fault = _without_warnings(output) or f"uv ended with status {status}"
    if version := _too_old():
        return InputError(
            "uv",
            f"{version} is too old, {OLDEST_UV} or later is needed",
            install_command(f"uv>={OLDEST_UV}"),
        )
    if _SETTINGS.search(output):
        return InputError(
            "uv's settings (UV_… in the environment, uv.toml, [tool.uv])",
            fault,
            f"printenv | grep ^UV_  # correct it there or in uv.toml, then: {retry_command()}",
        )
    if memory.ran_out(output):
        return WorkFailed(
            "the index",
            f"uv needs more than {memory.limit() >> 30} GiB to read its answer",
            f"{retry_command()}  # with another index in the settings of pip or uv; or, if a build "
            "needs that much, ask for a wheel or another version",
        )
    if name := failed_build(output):
        return build_error(name, fault, build_requires, requesting_line)
    where = str(APPS_IN) if for_apps_in else "the index"
    if _DAMAGED.search(output):
        named = _NAMED.search(output) or _ALL_OF.search(output)
        return WorkFailed(
            named["name"] if named else where,
            fault,
            edit_and_sync(
                APPS_IN,
                f"ask for another version of it, or replace the file if it is in {SOURCE}/ "
                f"(git checkout -- {SOURCE})",
            ),
        )
    if uncached := _UNCACHED.search(output):
        name = uncached["name"]
        return WorkFailed(
            where,
            f"the cache has no {name} that fits, and VENDOR_FETCH_OFFLINE forbids the index",
            f"{online_command()}  # or bring it: {program_command('cache', 'import', 'FILE')}",
        )
    if scheme := _SCHEME.search(output):
        return WorkFailed(
            where,
            f"the index names {scheme['address']} for a file; only addresses of http and https can "
            "be fetched",
            f"{retry_command()}  # with another index in the settings of pip or uv; report the page "
            "to the operators of this one",
        )
    if _NETWORK.search(output):
        return WorkFailed(
            where,
            fault,
            f"{retry_command()}  # when the index that pip or uv is configured for can be reached "
            "and has the package",
        )
    if for_apps_in and "parse" in output and status == 2:
        return InputError(where, fault, edit_and_sync(APPS_IN, "correct the line"))
    if address := _URL_DEPENDENCY.search(output):
        return WorkFailed(
            where,
            f"{address['who'] or 'a package'} asks for {address['name']} by an address, which only "
            "a line of apps.in may name",
            edit_and_sync(APPS_IN, f"add the line: {' '.join(address['line'].split())}"),
        )
    is_unsatisfiable = "unsatisfiable" in output or "No solution found" in output
    if not for_apps_in and (is_unsatisfiable or _NOT_FOUND.search(output)):
        return Unsatisfiable(
            where,
            fault,
            f"{retry_command()}  # with an index that has it, in the settings of pip or uv: the rebuild "
            "needs pip, virtualenv, and what the builds of tarballs require",
            output,
        )
    if _NOT_FOUND.search(output):
        return Unsatisfiable(
            where,
            fault,
            edit_and_sync(
                APPS_IN,
                "ask for another package, or check that the index that pip or uv is configured "
                "for has this one",
            ),
            output,
        )
    if is_unsatisfiable:
        return Unsatisfiable(
            where, fault, edit_and_sync(APPS_IN, "change the requirements"), output
        )
    return WorkFailed("uv", fault, f"{sync_command()}  # after following uv's message above")


def _without_warnings(output: str) -> str:
    return "\n".join(
        line
        for line in output.strip().splitlines()
        if line and not line.startswith(("warning:", "For more information"))
    )


def build_error(
    name: str, fault: str, build_requires: Sequence[str], requesting_line: Callable[[str], str]
) -> WorkFailed:
    # uv's hint names settings of uv, which do not change what a project vendors.
    fault = fault.partition("\nhint:")[0]
    if fault.startswith("Traceback "):
        fault = f"its build backend fails: {fault.strip().rpartition(chr(10))[2]}\n{fault.strip()}"
    setting = undeclared.setting(fault, build_requires)
    fault = _without_middle(fault)
    if setting:
        return WorkFailed(
            name,
            fault,
            edit_and_sync("pyproject.toml", f"[tool.vendor_fetch] needs {setting}"),
        )
    return WorkFailed(
        name,
        fault,
        edit_and_sync(
            "pyproject.toml",
            "if the build imports a package that it does not declare, add it to build-requires of "
            f"[tool.vendor_fetch]; or ask for another version of {name} in "
            f"{requesting_line(canonical_name(name))}",
        ),
    )


def _without_middle(log: str) -> str:
    """Return the first and the last lines of a long log, which have the cause."""
    lines = log.splitlines()
    left_out = len(lines) - _FIRST_LINES - _LAST_LINES
    if left_out <= 1:
        return log
    middle = f"… {left_out} lines"
    return "\n".join((*lines[:_FIRST_LINES], middle, *lines[-_LAST_LINES:]))


def _too_old() -> str:
    """Return the name and version of uv if it is too old, or an empty string."""
    output = subprocess.run(
        [find_uv(), "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    match = re.match(r"uv (\S+)", output)
    try:
        return f"uv {match[1]}" if match and Version(match[1]) < Version(OLDEST_UV) else ""
    except InvalidVersion:
        return ""
