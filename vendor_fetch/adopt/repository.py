"""What the git repository of a project says about it."""

from pathlib import Path

from bootstrapper.address import without_password
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
    return without_password(_output(root, "remote", "get-url", "origin"))


def directory(root: Path) -> str:
    """Return the directory of the repository that a project is in; empty if it is the whole of it."""
    return _output(root, "rev-parse", "--show-prefix").rstrip("/")


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
