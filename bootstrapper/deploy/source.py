"""What git knows of a push: which commit a name stands for, and what has changed."""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed

FULL_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ABBREVIATED_COMMIT = re.compile(r"[0-9a-f]{7,64}")
PATIENCE = 60.0  # seconds that git may take to answer


@dataclass(frozen=True, kw_only=True)
class WorkTree:
    """What stands in the project's own directory and isn't in what is pushed."""

    changed: int = 0  # files
    unpushed: int = 0  # commits


@dataclass(frozen=True, kw_only=True)
class Commits:
    """What the new one has and the old hasn't, and the reverse: "3f2a91c Subject", newest first."""

    added: list[str]
    removed: list[str]


def complaint(stderr: str) -> str:
    """The line in which git says what is wrong: others' words come before it, advice after it."""
    lines = stderr.strip().splitlines()
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (fatal[:1] or lines[-1:] or ["git failed"])[0]


class Git:
    """Asks git in a project's directory; `environment` brings the push's own ssh with it.

    What people have written in commits, and git's own words, go through `mask`.
    """

    def __init__(self, project: Path, environment: Mapping[str, str],
                 mask: Callable[[str], str] = str) -> None:
        self._project = project
        self._environment = environment
        self._mask = mask

    def resolve(self, repository: str, ref: str) -> str:
        """The commit that a branch, a tag or a commit's own name stands for in `repository`.

        Raises WorkFailed if the repository can't be asked, InputError if it has no such name.
        """
        if FULL_COMMIT.fullmatch(ref):
            return ref
        names = [f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/tags/{ref}^{{}}"]
        try:
            run = self._run("ls-remote", repository, *names)
        except subprocess.TimeoutExpired:
            run = None
        if run is None or run.returncode:
            told = complaint(run.stderr) if run else f"no answer in {PATIENCE:.0f} s"
            raise WorkFailed(
                repository, f"the repository can't be read: {self._mask(told)}",
                f"git ls-remote {repository}; mend what it says, then push again")
        found: dict[str, str] = {}
        for line in run.stdout.splitlines():
            commit, _, name = line.partition("\t")
            found[name] = commit
        for name in (names[0], names[2], names[1]):  # what an annotated tag points to, not itself
            if name in found:
                return found[name]
        if ABBREVIATED_COMMIT.fullmatch(ref) and (commit := self._commit(ref)):
            return commit
        raise InputError(repository, f"has no branch, tag or commit {ref}",
                         f"git ls-remote --heads --tags {repository} lists them; is it pushed?")

    def commits(self, old: str, new: str) -> Commits | None:
        """What lies between two commits; None where this work tree doesn't know one of them."""
        if not old or not new:
            return None
        run = self._run("log", "--left-right", "--format=%m%h %s", "--no-decorate",
                        f"{old}...{new}")
        if run.returncode:
            return None
        lines = self._mask(run.stdout).splitlines()
        return Commits(added=[line[1:] for line in lines if line.startswith(">")],
                       removed=[line[1:] for line in lines if line.startswith("<")])

    def work_tree(self, ref: str, commit: str) -> WorkTree:
        """What is changed and not committed here, and what is committed and not pushed.

        Empty where the project isn't a git work tree, or has nothing to do with `commit`.
        """
        if not commit or self._commit(commit) != commit:
            return WorkTree()
        changed = self._run("status", "--porcelain", "--untracked-files=normal", "--", ".")
        unpushed = self._run("rev-list", "--count", f"{commit}..{ref}", "--")
        return WorkTree(
            changed=len(changed.stdout.splitlines()),
            unpushed=int(unpushed.stdout) if unpushed.returncode == 0 else 0)

    def file_at(self, commit: str, path: str) -> str | None:
        """A file as it was in a commit, if this work tree knows it."""
        run = self._run("show", f"{commit}:{path}")
        return run.stdout if run.returncode == 0 else None

    def _commit(self, name: str) -> str:
        run = self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return run.stdout.strip() if run.returncode == 0 else ""

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command: Sequence[str] = ("git", *arguments)
        try:
            return subprocess.run(command, cwd=self._project, env=self._environment, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False,
                                  errors="surrogateescape", timeout=PATIENCE)
        except FileNotFoundError:
            return subprocess.CompletedProcess(command, 127, "", "git is not installed")
