"""Find changes that `git status` does not show, because the user has hidden a file from git."""

from collections.abc import Iterable
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted
from vendor_fetch.git_command import run_git
from vendor_fetch.program import retry_command


def refuse_hidden_changes(root: Path, paths: Iterable[str]) -> None:
    """Raise InputError if a file of the project in `root` has changes that git was asked to ignore.

    `git update-index --skip-worktree` and `--assume-unchanged` do that. `paths` are those that an
    update writes.
    """
    wanted = set(paths)
    shown = run_git("-C", str(root), "ls-files", "-v", "-z").stdout
    for tag, path in (entry.split(" ", 1) for entry in shown.split("\0")[:-1]):
        # S is for skip-worktree, and a small letter for assume-unchanged.
        is_hidden = tag.islower() or tag == "S"
        if is_hidden and path in wanted and (root / path).is_file() and _is_changed(root, path):
            raise InputError(
                path,
                "has changes that git was asked to ignore",
                f"git update-index --no-skip-worktree --no-assume-unchanged {quoted(path)}  "
                f"# then commit or stash them, and: {retry_command()}",
            )


def _is_changed(root: Path, path: str) -> bool:
    at = ("-C", str(root))
    entry = run_git(*at, "ls-files", "--stage", "-z", "--", path).stdout
    now = run_git(*at, "hash-object", "--", path).stdout.strip()
    return entry.split()[1:2] != [now]
