"""Ask git for what a project's checkout knows of its repository. No network is used."""

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.address import without_password
from bootstrapper.deploy.definition import setting
from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.git_ref import is_ref

_SECONDS = 20.0
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a checkout comes from; each is empty if git does not know it.

    `directory` is the project's directory in the checkout, empty for its top. `note` says what was
    left out of the address, or why there is none.
    """

    repository: str = ""
    branch: str = ""
    directory: str = ""
    note: str = ""


def find_origin(project: Path) -> Origin:
    """Return where the project's checkout comes from."""
    if not _git(project, "rev-parse", "--git-dir"):
        return Origin(note="git knows no checkout here, so REPOSITORY is not known")
    remotes = _git(project, "remote").split("\n")
    remote = "origin" if "origin" in remotes else remotes[0]
    address, note = _address(project, remote)
    return Origin(
        repository=address,
        branch=_branch(project, remote),
        directory=_git(project, "rev-parse", "--show-prefix").rstrip("/"),
        note=note,
    )


def ignored(project: Path, paths: Iterable[str]) -> list[str]:
    """Return those of the paths that git ignores; a path that ends in / is a directory."""
    probes = {f"{path}file" if path.endswith("/") else path: path for path in paths}
    run = _run(
        project, ["check-ignore", "--no-index", "-z", "--stdin"], "".join(f"{p}\0" for p in probes)
    )
    return [probes[each] for each in run.split("\0") if each in probes]


def tracked(project: Path, paths: Sequence[str]) -> list[str]:
    """Return those of the paths that are files in git, or directories with such files."""
    found = _run(project, ["ls-files", "-z", "--", *(f":(literal){path}" for path in paths)])
    names = found.split("\0")
    return [
        path
        for path in paths
        if any(name == path or name.startswith(path.rstrip("/") + "/") for name in names)
    ]


def tracked_like(project: Path, pattern: str) -> list[str]:
    """Return the files in git whose paths match a pattern of git, such as `*.war`."""
    return sorted(filter(None, _run(project, ["ls-files", "-z", "--", pattern]).split("\0")))


def _address(project: Path, remote: str) -> tuple[str, str]:
    """Return the address of a remote as a push can use it, and a note."""
    found = _git(project, "remote", "get-url", "--", remote) if remote else ""
    if not found:
        return "", "the checkout has no remote, so REPOSITORY is not known"
    address = without_password(found)
    note = "" if address == found else f"REPOSITORY is {remote}'s address without its password"
    if not _URL.match(address) and (":" not in address.partition("/")[0]):
        top = _git(project, "rev-parse", "--show-toplevel")
        address = os.path.normpath(os.path.join(top, address))  # a relative path is from there
    try:
        setting.check_address(address)
    except InvalidValue:  # its text may show a password
        return "", f"{remote}'s address can't be used, as it has a password or an odd form"
    return address, note


def _branch(project: Path, remote: str) -> str:
    """Return the default branch of the remote if it is known here, otherwise the current branch."""
    head = _git(project, "symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD")
    names = (
        head.removeprefix(f"refs/remotes/{remote}/"),
        _git(project, "symbolic-ref", "--quiet", "--short", "HEAD"),
    )
    return next((name for name in names if is_ref(name)), "")


def _git(project: Path, *words: str) -> str:
    return _run(project, words).removesuffix("\n")


def _run(project: Path, words: Sequence[str], given: str = "") -> str:
    """Return what git prints; nothing if it fails or is not installed."""
    try:
        run = subprocess.run(
            ["git", *words],
            cwd=project,
            input=os.fsencode(given),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return os.fsdecode(run.stdout) if run.returncode == 0 else ""
