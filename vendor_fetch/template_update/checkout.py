"""Get the template at a version: from a git repository, a directory, or a zip file."""

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.git_ref import check_ref, is_ref
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.standards.requirement import InvalidRequirement
from vendor_fetch.direct.git import Repository
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import download_into, is_offline
from vendor_fetch.git_command import AS_COMMITTED, refuse_foreign_owner, run_git
from vendor_fetch.index.index import Index
from vendor_fetch.program import online_command, retry_command
from vendor_fetch.project.direct_reference import DirectReference, parse_address
from vendor_fetch.resolve.resolver import Artifact
from vendor_fetch.template.origin import DIRTY, expanded, is_address, is_repository, version_of

CONTEXT = "cookiecutter.json"
# The bytes of an unpacked zip file.
LARGEST = 500_000_000


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The files of the template's `version` in a `directory`. `address` is where they come from."""

    directory: Path
    address: str
    version: str

    def is_before(self, version: str) -> bool:
        """Return whether the checkout's commit is one before a version of the same repository."""
        at = ("-C", str(self.directory))
        name = version.removesuffix(DIRTY)
        commit = _commit(self.directory, name) if is_ref(name) else ""
        head = _commit(self.directory, "HEAD")
        if not commit or commit == head or not is_repository(self.directory):
            return False
        return run_git(*at, "merge-base", "--is-ancestor", head, commit).returncode == 0


@dataclass(frozen=True, kw_only=True)
class TemplateSource:
    """The template at an `address`: of git, of a zip file, or a path.

    Files that are not in a directory already are written into `scratch`. The `project` that is to
    follow it may be a part of the template's repository. Methods raise WorkFailed, InputError or
    OSError.
    """

    address: str
    scratch: Path
    project: Path
    cache: Cache
    index: Index
    progress: Progress

    @property
    def _shown(self) -> str:
        """The address without a password, for messages."""
        return without_passwords(self.address)

    def current(self) -> Checkout:
        """Return the template as cookiecutter would take it today."""
        return self._checkout("")

    def at(self, version: str) -> Checkout:
        """Return the template at a version: a branch, tag or commit of its repository.

        A zip file and a directory without git have one version, that of their setup.cfg.
        """
        return self._checkout(version.removesuffix(DIRTY))

    def _checkout(self, version: str) -> Checkout:
        path = Path(self.address.removeprefix("file://")).expanduser()
        if path.is_dir():
            return self._in_directory(path, version)
        if self.address.endswith(".zip") and path.is_file():
            return self._unpacked(path, version)
        if not is_address(expanded(self.address)):
            raise InputError(
                self._shown,
                "there is no such directory, zip file or address of git",
                f"{retry_command()} --template DIRECTORY  # a checkout of the template",
            )
        if self.address.endswith(".zip"):
            return self._unpacked(self._downloaded(), version)
        return self._from_git(version)

    def _in_directory(self, path: Path, version: str) -> Checkout:
        refuse_foreign_owner(path)
        has_files = (path / CONTEXT).is_file()
        if (has_files and not version) or not is_repository(path):
            return self._complete(path, version)
        names = [version, f"v{version}"] if version else ["HEAD"]
        for name in map(check_ref, names):
            if commit := _commit(path, name):
                directory = self.scratch / f"template-{commit[:12]}"
                _clone(path, commit, directory)
                return self._complete(directory, version and name)
        at = ("-C", str(path))
        if run_git(*at, "rev-parse", "--is-shallow-repository").stdout.strip() == "true":
            raise WorkFailed(
                str(path),
                f"it is a shallow clone, without {version!r}",
                f"git -C {quoted(str(path))} fetch --unshallow --tags  # then: {retry_command()}",
            )
        raise WorkFailed(
            str(path),
            f"it has no branch, tag or commit {version!r}",
            f"git -C {quoted(str(path))} tag  # lists its versions; then: {retry_command()}",
        )

    def _from_git(self, version: str) -> Checkout:
        repository = Repository(
            reference=_reference(self.address, version),
            clones=self.cache.root / "git",
            place=self._shown,
            offline=is_offline(),
            waiting=lambda: self.progress.say("waiting for another vendor_fetch to fetch with git"),
        )
        commit = repository.commit()
        directory = self.scratch / f"template-{commit[:12]}"
        if not directory.exists():
            repository.check_out(commit, directory)
        return self._complete(directory, version)

    def _downloaded(self) -> Path:
        if is_offline():
            raise WorkFailed(
                self._shown, "VENDOR_FETCH_OFFLINE forbids to download it", online_command()
            )
        file = self.scratch / self.address.rpartition("/")[2]
        if not file.exists():
            artifact = Artifact(filename=file.name, url=self.address, sha256="")
            download_into(file, artifact, self.cache, self.index, self.progress)
        return file

    def _unpacked(self, file: Path, version: str) -> Checkout:
        name = hashlib.sha256(str(file).encode()).hexdigest()[:12]
        directory = self.scratch / f"template-{name}"
        if not directory.exists():
            _unpack(file, directory)
        # Archives of a repository have one directory with everything.
        entries = list(directory.iterdir())
        top = entries[0] if len(entries) == 1 and entries[0].is_dir() else directory
        return self._complete(top, version)

    def _complete(self, directory: Path, version: str) -> Checkout:
        """Return the checkout in a directory. Raise InputError if it is another version, or none."""
        if not (directory / CONTEXT).is_file():
            raise InputError(
                self._shown,
                f"has no {CONTEXT}, so it is no template",
                f"{retry_command()} --template ADDRESS  # of the template",
            )
        found = version_of(directory, self.project)
        if version and not is_repository(directory) and found != version:
            raise InputError(
                self._shown,
                f"is version {found or 'unknown'} of the template, and not {version}",
                f"{retry_command()} --from FILE.zip  # the template that the project comes from",
            )
        return Checkout(directory=directory, address=self._shown, version=found or version)


def _reference(address: str, version: str) -> DirectReference:
    url = expanded(address).removeprefix("git+")
    if "://" not in url:  # git@git.example.org:template.git
        host, _, path = url.partition(":")
        url = f"ssh://{host}/{path.removeprefix('/')}"
    try:
        reference = parse_address(f"git+{url}")
    except InvalidRequirement as error:
        raise InputError(
            without_passwords(address),
            without_passwords(str(error)),
            f"{retry_command()} --template ADDRESS  # another address",
        ) from None
    return DirectReference(
        kind="git", address=reference.address, ref=check_ref(version) if version else ""
    )


def _commit(path: Path, name: str) -> str:
    """Return the commit of a name in a repository; empty if it has none."""
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    run = run_git("-C", str(path), *words)
    return run.stdout.strip() if not run.returncode else ""


def _clone(path: Path, commit: str, directory: Path) -> None:
    """Write the files of a commit of a repository into a directory, also one of no branch."""
    if directory.exists():
        return
    quiet = ("--quiet", "--no-checkout")
    for words in (
        ("clone", *AS_COMMITTED, *quiet, "--shared", "--", str(path), str(directory)),
        ("-C", str(directory), "checkout", "--quiet", "--detach", commit, "--"),
    ):
        run = run_git(*words)
        if run.returncode:
            raise WorkFailed(
                str(path), run.stderr.strip() or "git failed", f"git -C {quoted(str(path))} status"
            )


def _unpack(file: Path, directory: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            # A repository in it could bring a configuration that runs programs.
            members = [
                each
                for each in archive.infolist()
                if ".git" not in each.filename.casefold().replace("\\", "/").split("/")
            ]
            # zipfile itself reads no more of a member than the size that is written there.
            if sum(each.file_size for each in members) > LARGEST:
                raise zipfile.BadZipFile(f"it is larger than {LARGEST // 10**6} MB when unpacked")
            # extractall leaves out drive letters, .. and leading slashes.
            archive.extractall(directory, members)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WorkFailed(
            str(file),
            f"can't be unpacked: {error}",
            f"file {quoted(str(file))}  # is it a whole zip file?",
        ) from None
