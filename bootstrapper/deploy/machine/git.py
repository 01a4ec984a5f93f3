"""Ask git for the commit of a ref, and for what a push leaves out or changes."""

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.git_ref import check_ref, full_names
from bootstrapper.quoting import quoted

FULL_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ABBREVIATED_COMMIT = re.compile(r"[0-9a-f]{7,64}")
PATIENCE = 60.0  # seconds that git may take to answer
# The transports that git may use, for submodules, too: ext:: would run a command (git(1)).
TRANSPORTS = "file:git:http:https:ssh"


@dataclass(frozen=True, kw_only=True)
class WorkTree:
    """Changes in the project's directory that a push leaves out."""

    changed: int = 0  # files
    unpushed: int = 0  # commits


@dataclass(frozen=True, kw_only=True)
class Commits:
    """The commits that only the new one has, and only the old one: "3f2a91c Subject", newest first."""

    added: list[str]
    removed: list[str]


@dataclass(frozen=True, kw_only=True)
class Located:
    """A commit in a repository, and the highest number of a deployment's tags there."""

    commit: str
    last_number: int = 0


def tag_prefix(deployment: str) -> str:
    """Return what a deployment's tags begin with, as git-tag names them; a number follows."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", deployment).replace("..", ".-")
    return f"push-{name}-"


def git_error_line(stderr: str) -> str:
    """Return the line in which git says what is wrong: others' words come before it, advice after it."""
    lines = stderr.strip().splitlines()
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (fatal[:1] or lines[-1:] or ["git failed"])[0]


class GitRepository:
    """A project's git repository; `environment` has the push's own ssh.

    Text from commits and git's messages pass through `mask`.
    """

    def __init__(
        self, project: Path, environment: Mapping[str, str], mask: Callable[[str], str] = str
    ) -> None:
        self._project = project
        self._environment = {
            **environment,
            "GIT_ALLOW_PROTOCOL": TRANSPORTS,
            "GIT_TERMINAL_PROMPT": "0",
        }
        self._mask = mask

    def resolve(self, repository: str, ref: str) -> str:
        """Return the commit that `ref` stands for in `repository`. Raises as `locate` does."""
        return self.locate(repository, ref).commit

    def locate(self, repository: str, ref: str, deployment: str = "") -> Located:
        """Ask `repository` for the commit that a branch, a tag or a commit's name stands for.

        The same question finds the highest number that a tag of `deployment` has there. A tag of
        more than seven digits is another one's, such as a date. Raise WorkFailed if the
        repository can't be asked, InputError if it has no such name.
        """
        check_ref(ref)
        if FULL_COMMIT.fullmatch(ref):
            return Located(commit=ref)
        names = full_names(ref)
        tag = tag_prefix(deployment) if deployment else ""
        wanted = [*names, *(f"{name}^{{}}" for name in names if name.startswith("refs/tags/"))]
        found = self._list(repository, *wanted, *([f"refs/tags/{tag}*"] if tag else []))
        last = max(
            (
                int(match[1])
                for name in found
                if tag
                and (
                    match := re.fullmatch(rf"refs/tags/{re.escape(tag)}(\d{{1,7}})(?:\.\d+)?", name)
                )
            ),
            default=0,
        )
        for name in names:
            # What an annotated tag points to, not itself.
            if commit := found.get(f"{name}^{{}}") or found.get(name):
                return Located(commit=commit, last_number=last)
        if ABBREVIATED_COMMIT.fullmatch(ref) and (commit := self._commit(ref)):
            return Located(commit=commit, last_number=last)
        raise InputError(
            repository,
            f"has no branch, tag or commit {ref}",
            f"git ls-remote --heads --tags {quoted(repository)}  # is it pushed?",
        )

    def _list(self, repository: str, *patterns: str) -> dict[str, str]:
        """Return the commits of a repository's refs by their full names."""
        try:
            run = self._run("ls-remote", "--end-of-options", repository, *patterns)
        except subprocess.TimeoutExpired:
            run = None
        if run is None or run.returncode:
            reason = git_error_line(run.stderr) if run else f"no answer in {PATIENCE:.0f} s"
            raise WorkFailed(
                repository,
                f"the repository can't be read: {self._mask(reason)}",
                f"git ls-remote {quoted(repository)}",
            )
        lines = (line.partition("\t") for line in run.stdout.splitlines())
        return {name: commit for commit, _, name in lines}

    def commits(self, old: str, new: str) -> Commits | None:
        """Return the commits between two commits; None if the work tree lacks one of them."""
        if not old or not new:
            return None
        run = self._run(
            "log",
            "--left-right",
            "--format=%m%h %s",
            "--no-decorate",
            "--no-show-signature",
            "--end-of-options",
            f"{old}...{new}",
            "--",
        )
        if run.returncode:
            return None
        lines = self._mask(run.stdout).splitlines()
        return Commits(
            added=[line[1:] for line in lines if line.startswith(">")],
            removed=[line[1:] for line in lines if line.startswith("<")],
        )

    def work_tree(self, ref: str, commit: str) -> WorkTree:
        """Return what is not committed here, and what is committed and not pushed.

        It is empty if the project is no git work tree, or lacks `commit`.
        """
        if not commit or self._commit(commit) != commit:
            return WorkTree()
        changed = self._run("status", "--porcelain", "--untracked-files=normal", "--", ".")
        unpushed = self._run("rev-list", "--count", "--end-of-options", f"{commit}..{ref}", "--")
        return WorkTree(
            changed=len(changed.stdout.splitlines()),
            unpushed=int(unpushed.stdout) if unpushed.returncode == 0 else 0,
        )

    def file_at(self, commit: str, path: str) -> str | None:
        """Return a file as it was in a commit, if this work tree knows it."""
        run = self._run("show", "--end-of-options", f"{commit}:{path}")
        return run.stdout if run.returncode == 0 else None

    def _commit(self, name: str) -> str:
        run = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        return run.stdout.strip() if run.returncode == 0 else ""

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command: Sequence[str] = ("git", *arguments)
        try:
            return subprocess.run(
                command,
                cwd=self._project,
                env=self._environment,
                text=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                errors="surrogateescape",
                timeout=PATIENCE,
            )
        except FileNotFoundError:
            return subprocess.CompletedProcess(command, 127, "", "git is not installed")
