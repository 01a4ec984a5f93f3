"""Get commits of git repositories. The cache keeps a bare clone of each repository."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bootstrapper.address import without_passwords
from bootstrapper.errors import WorkFailed
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.git_command import AS_COMMITTED, run_git
from vendor_fetch.private_directory import make_private
from vendor_fetch.program import online_command, retry_command
from vendor_fetch.project.direct_reference import DirectReference

_ABBREVIATED = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The repository of a reference, and its bare clone below the directory `clones`.

    With `offline`, only the clone is used. `place` is the line of apps.in, for messages. Methods
    raise WorkFailed.
    """

    reference: DirectReference
    clones: Path
    place: str
    offline: bool
    waiting: Callable[[], None]

    def commit(self) -> str:
        """Return the commit of the reference, and bring it into the clone.

        A branch comes before a tag of the same name, as for pip.
        """
        self._create()
        with project_lock(self._clone, self.waiting):
            wanted = self.reference.commit
            if not wanted and not self.offline:
                wanted = self._advertised()
            if not self.offline and not (wanted and self._has(wanted)):
                self._fetch(wanted)
            for name in (wanted,) if wanted else self._names():
                if commit := self._parse(name):
                    return commit
        if self.offline:
            raise self._offline_error(wanted)
        if not self.reference.ref:
            raise self._error("it has no commit yet")
        raise self._error(f"it has no branch, tag or commit {self.reference.ref!r}")

    def check_out(self, commit: str, directory: Path) -> None:
        """Write the files of a commit, with its submodules and its history, into a new directory."""
        self._create()
        with project_lock(self._clone, self.waiting):
            if not self._has(commit):
                self._fetch(commit)
            words = ("clone", *AS_COMMITTED, "--quiet", "--no-checkout")
            self._git(*words, str(self._clone), str(directory))
        inside = ("-C", str(directory))
        # Git LFS gets files there, and relative addresses of submodules start there.
        self._git(*inside, "remote", "set-url", "origin", self.reference.address)
        self._git(*inside, "checkout", "--quiet", "--detach", commit, "--")
        if (directory / ".gitmodules").is_file():
            self._git(*inside, "submodule", "--quiet", "update", "--init", "--recursive")

    def time(self, commit: str) -> int:
        """Return the time of a commit, in seconds since 1970."""
        shown = self._git("-C", str(self._clone), "show", "-s", "--format=%ct", commit, "--")
        return int(shown.split()[-1])

    @property
    def _clone(self) -> Path:
        return self.clones / f"{hashlib.sha256(self.reference.address.encode()).hexdigest()}.git"

    def _create(self) -> None:
        if not (self._clone / "HEAD").is_file():
            make_private(self._clone, self.clones.parent)
            self._git("init", "--quiet", "--bare", str(self._clone))

    def _advertised(self) -> str:
        """Return the commit that the repository has for the reference; empty for none."""
        printed = self._git("ls-remote", "--", self.reference.address)
        found = {
            name: commit
            for commit, _, name in (line.partition("\t") for line in printed.splitlines())
        }
        ref = self.reference.ref
        names = (f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", ref)
        for name in names if ref else ("HEAD",):
            if name in found:
                return found[name]
        return ""

    def _names(self) -> list[str]:
        """Return what the reference may be in the clone."""
        ref = self.reference.ref
        if not ref:
            return ["refs/vendored/HEAD"]
        abbreviated = [ref] if _ABBREVIATED.fullmatch(ref) else []
        return [f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/vendored/{ref}", *abbreviated]

    def _fetch(self, commit: str) -> None:
        """Bring all branches and tags into the clone, and a commit that none of them has."""
        if self.offline:
            raise self._offline_error(commit)
        fetch = (
            *("-C", str(self._clone), "fetch", "--quiet", "--force", "--no-recurse-submodules"),
            "--update-shallow",
        )
        self._git(
            *fetch, "--prune", "--tags", "--", self.reference.address, "+refs/heads/*:refs/heads/*"
        )
        # HEAD, the refs of merge requests, and commits of no branch, which many servers give out.
        if commit and (not self.reference.ref or not self._has(commit)):
            name = self.reference.ref or "HEAD"
            target = f"+{commit if self._is_commit(name) else name}:refs/vendored/{name}"
            self._git(*fetch, "--", self.reference.address, target)

    def _is_commit(self, name: str) -> bool:
        return bool(_ABBREVIATED.fullmatch(name))

    def _has(self, commit: str) -> bool:
        return bool(self._parse(commit))

    def _parse(self, name: str) -> str:
        """Return the commit of a name in the clone; empty if it has none."""
        run = run_git(
            "-C", str(self._clone), "rev-parse", "--verify", "--quiet", "--end-of-options",
            f"{name}^{{commit}}",
        )  # fmt: skip
        return run.stdout.strip() if not run.returncode else ""

    def _git(self, *words: str) -> str:
        run = run_git(*words)
        if run.returncode:
            lines = [line for line in run.stderr.splitlines() if line.strip()]
            raise self._error("\n".join(lines[:6]) or f"git ended with status {run.returncode}")
        return run.stdout

    @property
    def _address(self) -> str:
        return without_passwords(self.reference.address)

    def _offline_error(self, commit: str) -> WorkFailed:
        wanted = commit or self.reference.ref or "the default branch"
        return WorkFailed(
            self.place,
            f"the cache lacks {wanted} of {self._address}, and VENDOR_FETCH_OFFLINE forbids the "
            "repository",
            online_command(),
        )

    def _error(self, fault: str) -> WorkFailed:
        if "@" in urlsplit(self.reference.address).path:
            fault += "\nIn the name of a branch or tag, @ is written %40"
        return WorkFailed(
            self.place,
            f"{self._address}: {without_passwords(fault)}",
            f"git ls-remote -- {quoted(self.reference.address)}  # shows what it has; then: "
            f"{retry_command()}",
        )
