"""Where a checkout of the template comes from: its address and its version."""

import configparser
import os
import re
from pathlib import Path

from bootstrapper.address import without_password
from vendor_fetch.git_command import run_git

# A version of a checkout with changes that no commit has ends in this.
DIRTY = "-dirty"
# As cookiecutter expands them (cookiecutter.config.BUILTIN_ABBREVIATIONS).
_ABBREVIATIONS = {
    "gh": "https://github.com/{}.git",
    "gl": "https://gitlab.com/{}.git",
    "bb": "https://bitbucket.org/{}",
}
_SCP = re.compile(r"[\w.-]+@[\w.-]+:.+")


def expanded(address: str) -> str:
    """Return an address with cookiecutter's abbreviation, such as gh:, written in full."""
    prefix, colon, rest = address.partition(":")
    if colon and prefix in _ABBREVIATIONS:
        return _ABBREVIATIONS[prefix].format(rest)
    return address


def is_address(text: str) -> bool:
    """Return whether a text is an address of a network, and not a path."""
    return bool(re.match(r"(?i:(git\+)?(https?|ssh|git)://)", text) or _SCP.fullmatch(text))


def address_of(checkout: Path, typed: str, project: Path) -> str:
    """Return the address to record in a project for a checkout that the user has named by `typed`.

    A project inside the checkout names it by a relative path, as it is in every clone.
    If that is a path, it is the address of the checkout's remote `origin`; without one it is the
    absolute path, which for a zip file begins at the shell's directory. An address has no password.
    """
    if checkout.resolve() in project.resolve().parents:
        return os.path.relpath(checkout.resolve(), project.resolve())
    address = expanded(typed)
    if is_address(address) or address.startswith("file://"):
        return without_password(address)
    if is_repository(checkout):
        remote = run_git("-C", str(checkout), "remote", "get-url", "origin").stdout.strip()
        if is_address(remote):
            return without_password(remote)
    if typed.endswith(".zip"):
        # cookiecutter has left the directory that the path begins at.
        return str(Path(os.environ.get("PWD", ""), Path(typed).expanduser()).absolute())
    return str(checkout.absolute())


def located(address: str, project: Path) -> str:
    """Return a recorded address for a command in any directory: relative ones start at the project."""
    return str((project / address).resolve()) if address.startswith("..") else address


def version_of(checkout: Path, project: Path | None = None) -> str:
    """Return the version of a checkout: its tag, else its commit, else that of setup.cfg.

    It ends in `-dirty` if git sees changes. It is empty without a repository and setup.cfg. Changes
    of a `project` inside the checkout make no other version.
    """
    if not is_repository(checkout):
        return setup_version(checkout)
    at, paths = ("-C", str(checkout)), ["--", "."]
    if project and checkout.resolve() in project.resolve().parents:
        paths.append(f":(exclude,literal){project.resolve().relative_to(checkout.resolve())}")
    commit = run_git(*at, "log", "-1", "--format=%H", *(paths if paths[2:] else ())).stdout.strip()
    tag = run_git(*at, "describe", "--tags", "--exact-match", commit).stdout.strip()
    changed = run_git(*at, "status", "--porcelain", *paths).stdout.strip()
    return (tag or commit) + (DIRTY if changed else "")


def shown(version: str) -> str:
    """Return a version for a message: a commit is abbreviated."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{28}\b", r"\1", version)


def setup_version(checkout: Path) -> str:
    """Return the version in the setup.cfg of a checkout; empty if it has none."""
    setup = configparser.ConfigParser()
    try:
        setup.read(checkout / "setup.cfg", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return ""
    return setup.get("metadata", "version", fallback="")


def is_repository(directory: Path) -> bool:
    """Return whether a directory is a git repository that has a commit, bare or with its files."""
    at = ("-C", str(directory))
    if run_git(*at, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        return False
    bare = run_git(*at, "rev-parse", "--is-bare-repository").stdout.strip() == "true"
    name = "--absolute-git-dir" if bare else "--show-toplevel"
    return Path(run_git(*at, "rev-parse", name).stdout.strip()) == directory.resolve()
