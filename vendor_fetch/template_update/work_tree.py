"""A second work tree of a project's repository, in which a commit of the template is tried."""

from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.quoting import quoted
from vendor_fetch.git_command import run_git
from vendor_fetch.program import retry_command

# The template's renames count, whatever the user's configuration is.
MERGE = ("-c", "merge.renames=true", "-c", "merge.directoryRenames=conflict")


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A file that both sides have changed; `sides` says how."""

    path: str
    sides: str


class WorkTree:
    """A second work tree of the repository at `top`; the project in it is in `project`."""

    def __init__(self, directory: Path, prefix: str, top: Path) -> None:
        self._directory, self._top = directory, top
        self._prefix = prefix
        self.project = directory / prefix

    def pick(self, commit: str) -> list[Conflict]:
        """Apply a commit. Return the conflicts, also those that rerere has a resolution for."""
        settings = (*MERGE, "-c", "rerere.enabled=false")
        words = ("cherry-pick", "--keep-redundant-commits", commit)
        run = run_git("-C", str(self._directory), *settings, *words)
        if not run.returncode:
            return []
        conflicts = unmerged_files(self._directory)
        if not conflicts:
            raise git_failure(self._top, run.stderr)
        return conflicts

    @property
    def files(self) -> list[str]:
        """The paths of all files, also of those that git has left beside a conflict."""
        shown = self._git("ls-files", "-z", "--cached", "--others", "--", str(self.project))
        return [name.removeprefix(self._prefix) for name in dict.fromkeys(shown.split("\0")[:-1])]

    def commit(self, message: str, *, amend: bool) -> str:
        """Commit all files if there is a change. Return the commit that is checked out then.

        Vendored files count although the user's configuration may ignore archives.
        """
        self._git("add", "--all", "--force", "--", ".")
        if self._git("status", "--porcelain", "-z"):
            words = ("--amend", "--no-edit") if amend else ("-m", message)
            self._git("commit", "--quiet", "--no-verify", *words)
        return self._git("rev-parse", "HEAD").strip()

    def has(self, path: str) -> bool:
        """Return whether the checked-out commit has a file of the project."""
        return bool(self._git("ls-files", "-z", "--", str(self.project / path)))

    def _git(self, *words: str) -> str:
        run = run_git("-C", str(self._directory), *words)
        if run.returncode:
            raise git_failure(self._top, run.stderr)
        return run.stdout


# By the stages of the index that a path has: 1 the old template, 2 the project, 3 the new template.
_SIDES = {
    "123": "changed here and in the template",
    "12": "changed here, deleted in the template",
    "13": "deleted here, changed in the template",
    "23": "added here and in the template",
    "1": "moved here and in the template",
    "2": "moved here, or into a directory that the template moved",
    "3": "moved in the template",
}


def unmerged_files(directory: Path) -> list[Conflict]:
    stages: dict[str, str] = {}
    run = run_git("-C", str(directory), "ls-files", "--unmerged", "-z", "--full-name", ":/")
    for entry in run.stdout.split("\0")[:-1]:
        information, path = entry.split("\t", 1)
        stages[path] = stages.get(path, "") + information.split()[2]
    return [Conflict(path=path, sides=_SIDES[each]) for path, each in sorted(stages.items())]


def git_failure(directory: Path, output: str) -> WorkFailed:
    lines = [line for line in output.splitlines() if line.strip() and line[:5] != "hint:"]
    return WorkFailed(
        f"git in {directory}",
        "\n  ".join(lines[:6]) or "failed without a message",
        f"git -C {quoted(str(directory))} status  # then: {retry_command()}",
    )
