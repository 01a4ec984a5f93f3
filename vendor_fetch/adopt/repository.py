"""What the git repository of a project says about it."""

import re
from pathlib import Path

from bootstrapper.errors import WorkFailed
from vendor_fetch.git_command import run_git


def is_ignored(root: Path, path: Path) -> bool:
    """Return whether git ignores a file of the project."""
    try:
        return run_git("-C", str(root), "check-ignore", "--quiet", "--", str(path)).returncode == 0
    except WorkFailed:  # without git
        return False


def remote_address(root: Path) -> str:
    """Return the address that the project was cloned from, without a password; empty if it has none."""
    address = _output(root, "remote", "get-url", "origin")
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    login, at, host = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "", rest)
    # A token may be the user of an https address. The user of ssh is a part of the address.
    user = "" if _is_web(scheme) else login.partition(":")[0]
    return f"{scheme}://{user}{at if user else ''}{host}"


def directory(root: Path) -> str:
    """Return the directory of the repository that a project is in; empty if it is the whole of it."""
    return _output(root, "rev-parse", "--show-prefix").rstrip("/")


def has_password(address: str) -> bool:
    """Return whether an address has a password in it; the user of a web address can be a token."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)@", address)
    return match is not None and (":" in match[2] or _is_web(match[1]))


def _is_web(scheme: str) -> bool:
    return scheme.lower().removeprefix("git+") in ("http", "https")


def branch(root: Path) -> str:
    """Return the default branch of the remote repository, or else the present one."""
    default = _output(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    present = _output(root, "symbolic-ref", "--short", "HEAD")
    return default.removeprefix("origin/") or present or "main"


def _output(root: Path, *words: str) -> str:
    try:
        run = run_git("-C", str(root), *words)
    except WorkFailed:
        return ""
    return run.stdout.strip() if run.returncode == 0 else ""
