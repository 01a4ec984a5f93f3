"""A deployment's repository, as far as it was fetched: what a push is told and shown about it."""

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
MOST = 20_000_000  # bytes of a folder that is read from a repository: they are held in memory
# Debian 12's Python hasn't PEP 706's filters yet.
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
# The worker's own settings of git must not change line ends.
_AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", "core.eol=lf",
                 "-c", "core.attributesFile=/dev/null")
FETCHED = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")


class RepositoryMirror:
    """A bare clone below the deployment's directory, made when it is first asked for.

    Pushes and pages ask at the same time. Two fetches into one repository would meet at its refs,
    and the later one fail; so they take turns (flock(2): a turn ends with its holder).
    `environment` brings the push's own ssh with it.
    """

    def __init__(self, prepared, environment):
        """Nothing is fetched yet."""
        self._repository = prepared.settings.get("REPOSITORY", "")
        self._directory = _directory(prepared)
        self._environment = {**environment, "GIT_TERMINAL_PROMPT": "0",
                             "GIT_ALLOW_PROTOCOL": TRANSPORTS}
        self._mask = prepared.mask
        self.git = GitRepository(clone_of(prepared) or prepared.project,
                       self._environment, prepared.mask)

    def resolve(self, ref):
        """Return the commit that a ref is in the repository itself. Raises BootstrapperError."""
        return self.git.resolve(self._repository, ref)

    def locate(self, ref, deployment):
        """Return the commit and the highest number of the deployment's tags there."""
        return self.git.locate(self._repository, ref, deployment)

    def fetch(self):
        """Bring it up to date. Raises WorkFailed."""
        with self._turn():
            self._run("init", "--quiet", "--bare", str(self._directory), at=self._directory.parent)
            self.git = GitRepository(self._directory, self._environment, self._mask)
            self._run("fetch", "--quiet", "--prune", "--no-write-fetch-head", "--",
                      self._repository, *FETCHED)

    def has(self, commit):
        """Return whether the repository has a commit, be it on no branch and under no tag.

        Not every repository hands out such a commit: then it is none that could be pushed.
        """
        asked = ("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
        if not self.lines(*asked):
            with suppress(WorkFailed), self._turn():
                self._run("fetch", "--quiet", "--no-write-fetch-head", "--", self._repository,
                          commit)
        return bool(self.lines(*asked))

    def extract(self, commit, folder, into):
        """Put what a commit has in a folder into a directory: its files. Raises WorkFailed.

        A tree can hold a link and what lies behind it, and names that lead out of it: whoever may
        commit would write anywhere. So links are left out, and such names, too.
        """
        if self.git.file_at(commit, f"{folder}/deployments.toml") is None:
            self.fetch()
        listed = self._run("ls-tree", "-r", "-l", commit, "--", folder).splitlines()
        # A file has a header in the archive, and is filled up there.
        size = sum(1024 + int(size) for line in listed if (size := line.split()[3]).isdigit())
        if size > MOST:
            raise WorkFailed(
                self._repository, f"{folder}/ has {size:,} bytes at {commit[:8]}, and {MOST:,} are "
                "the most", f"keep nothing else in {folder}/ than what a push needs of it")
        packed = self._run(*_AS_COMMITTED, "archive", "--format=tar", commit, "--", folder)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            inside = [member for member in archive if (member.isreg() or member.isdir())
                      and not {"..", "/"} & {*PurePosixPath(member.name).parts}]
            archive.extractall(into, inside, **SAFELY)  # noqa: S202

    def lines(self, *arguments):
        """Return what a git command prints, by lines; none where it fails."""
        try:
            said = self._run(*arguments).decode("utf-8", "replace")
        except WorkFailed:
            return []
        return said.removesuffix("\n").split("\n") if said else []  # a subject may hold others

    @contextmanager
    def _turn(self):
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
                cwd=at or self._directory, env=self._environment,
                stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise WorkFailed(self._repository, f"git doesn't answer within {PATIENCE:.0f} s",
                             "see that the repository can be reached") from None
        if run.returncode:
            told = git_error_line(run.stderr.decode("utf-8", "replace"))
            raise WorkFailed(self._repository, self._mask(told),
                             "see that the repository can be read from here")
        return run.stdout


def clone_of(prepared):
    """Return the directory of a deployment's mirror, None if nothing was fetched yet."""
    directory = _directory(prepared)
    return directory if directory.is_dir() else None


def _directory(prepared):
    return prepared.project / "mirror.git"
