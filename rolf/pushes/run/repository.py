"""Rolf's copy of a deployment's git repository."""

import fcntl
import io
import os
import subprocess
import tarfile
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath

from bootstrapper.deploy.machine.git import TRANSPORTS, GitRepository, git_error_line
from bootstrapper.errors import WorkFailed

PATIENCE = 300.0  # seconds that a fetch may take
MOST = 20_000_000  # bytes of a folder that extract() reads into memory
# Debian 12's Python does not have the filters of PEP 706.
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
# The worker's own settings of git must not change line ends.
_AS_COMMITTED = (
    "-c",
    "core.autocrlf=false",
    "-c",
    "core.eol=lf",
    "-c",
    "core.attributesFile=/dev/null",
)
FETCHED = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


class RepositoryMirror:
    """A bare clone in the deployment's directory. The first fetch creates it.

    Pushes and surveys fetch at the same time. Two fetches into one repository would conflict, so
    each takes a lock (flock(2), which ends with its process). `environment` is for git, and has
    the push's ssh command.
    """

    def __init__(self, prepared, environment):
        """Fetch nothing yet."""
        self._repository = prepared.settings.get("REPOSITORY", "")
        self._directory = _directory(prepared)
        self._environment = {
            **environment,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": TRANSPORTS,
        }
        self._mask = prepared.mask
        self.git = GitRepository(
            clone_of(prepared) or prepared.project, self._environment, prepared.mask
        )

    def resolve(self, ref):
        """Return the commit of a ref in the original repository. Raise BootstrapperError."""
        return self.git.resolve(self._repository, ref)

    def locate(self, ref, deployment):
        """Return the commit of a ref, and the highest number of the deployment's tags."""
        return self.git.locate(self._repository, ref, deployment)

    def fetch(self):
        """Fetch all branches and tags. Raise WorkFailed."""
        with self._lock():
            self._run("init", "--quiet", "--bare", str(self._directory), at=self._directory.parent)
            self.git = GitRepository(self._directory, self._environment, self._mask)
            self._run(
                "fetch",
                "--quiet",
                "--prune",
                "--no-write-fetch-head",
                "--",
                self._repository,
                *FETCHED,
            )

    def has(self, commit):
        """Return whether the repository has a commit, even one on no branch and no tag.

        Some servers refuse to send such a commit. It cannot be pushed then.
        """
        query = ("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
        if not self.lines(*query):
            with suppress(WorkFailed), self._lock():
                self._run(
                    "fetch", "--quiet", "--no-write-fetch-head", "--", self._repository, commit
                )
        return bool(self.lines(*query))

    def extract(self, commit, folder, into):
        """Extract the files of a commit's folder into a directory. Raise WorkFailed.

        Links, and names that lead out of the directory, are left out. Otherwise a user with
        permission to commit could write files anywhere.
        """
        if self.git.file_at(commit, f"{folder}/deployments.toml") is None:
            self.fetch()
        listed = self._run("ls-tree", "-r", "-l", commit, "--", folder).splitlines()
        # In the archive, each file has a header and padding.
        size = sum(1024 + int(size) for line in listed if (size := line.split()[3]).isdigit())
        if size > MOST:
            raise WorkFailed(
                self._repository,
                f"{folder}/ has {size:,} bytes at {commit[:8]}; the limit is {MOST:,}",
                f"keep only files that a push needs in {folder}/",
            )
        packed = self._run(*_AS_COMMITTED, "archive", "--format=tar", commit, "--", folder)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            inside = [
                member
                for member in archive
                if (member.isreg() or member.isdir())
                and not {"..", "/"} & {*PurePosixPath(member.name).parts}
            ]
            archive.extractall(into, inside, **SAFELY)  # noqa: S202

    def lines(self, *arguments):
        """Return the lines that a git command prints; no lines if it fails."""
        try:
            output = self._run(*arguments).decode("utf-8", "replace")
        except WorkFailed:
            return []
        # Not splitlines(): the subject of a commit may have other line separators.
        return output.removesuffix("\n").split("\n") if output else []

    @contextmanager
    def _lock(self):
        """Hold the lock of the clone."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            yield
        finally:
            os.close(directory)

    def _run(self, *arguments, at=None):
        try:
            run = subprocess.run(  # noqa: S603 - git, and no shell
                ["git", *arguments],  # noqa: S607 - that of PATH
                cwd=at or self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise WorkFailed(
                self._repository,
                f"git did not answer within {PATIENCE:.0f} s",
                "check that the repository can be reached",
            ) from None
        if run.returncode:
            line = git_error_line(run.stderr.decode("utf-8", "replace"))
            raise WorkFailed(
                self._repository,
                self._mask(line),
                "check that this machine can read the repository",
            )
        return run.stdout


def clone_of(prepared):
    """Return the directory of a deployment's mirror, or None before the first fetch."""
    directory = _directory(prepared)
    return directory if directory.is_dir() else None


def _directory(prepared):
    return prepared.project / "mirror.git"
