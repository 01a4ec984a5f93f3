"""Parse the direct references of apps.in: requirements that name an address instead of versions.

PEP 508 has `NAME @ ADDRESS`. pip also takes an address alone: `git+https://…#egg=NAME`, the URL of an
archive, `./directory`, `../file.whl`, `file:…`.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from bootstrapper.address import has_password
from bootstrapper.git_ref import is_ref
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import InvalidFilename, canonical_name, parse_filename
from bootstrapper.ve.standards.marker import InvalidMarker, Marker
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_requirement,
)

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?!\\)")
# Of pip: the marker of an address stands after "; ", the one of a path after a semicolon.
_URL_MARKER = re.compile(r"\s+;\s*|;\s+")
_PATH_MARKER = re.compile(r"\s*;\s*")
_EXTRAS = re.compile(r"(?P<address>.*[^\[\]])\[(?P<extras>[^\[\]]*)\]")
_EGG = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[(?P<extras>.*)\])?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip")
GIT_SCHEMES = ("git+https", "git+http", "git+ssh", "git+file", "git+git")
_SCP = re.compile(r"(?:git\+)?(?P<host>[\w.-]+@[\w.-]+):(?!//)(?P<path>[^\s;#]+)")
_OTHER_VCS = ("hg", "svn", "bzr")


@dataclass(frozen=True, kw_only=True)
class DirectReference:
    """The parts of an address.

    `kind` is "git", "archive" (an address of https or http), or "path" (a file or a directory).
    `address` is what git, the connection or the file system gets, a relative path from the project's
    directory. `ref` is the branch, tag or commit of git, empty for the default branch. `sha256` is
    the hash that the fragment promises.
    """

    kind: str
    address: str
    ref: str = ""
    subdirectory: str = ""
    sha256: str = ""

    @property
    def filename(self) -> str:
        """The last part of the address; empty if it has none."""
        path = urlsplit(self.address).path if self.kind != "path" else self.address
        name = PurePosixPath(unquote(path)).name
        return "" if name == ".." else name

    @property
    def commit(self) -> str:
        """The commit, if the reference names one in full; else empty."""
        return self.ref if _COMMIT.fullmatch(self.ref) else ""


def parse_line(text: str) -> Requirement:
    """Return the requirement of a line of apps.in; `url` is set for a direct reference.

    The name is empty if the line does not tell it. Raise InvalidRequirement.
    """
    _refuse_control(text)
    requirement = _parse(text)
    if requirement.url:
        parse_address(requirement.url)
    return requirement


def _refuse_control(text: str) -> None:
    """Raise InvalidRequirement for a line break, which would end the line, and the like."""
    if not text.replace("\t", " ").isprintable():
        raise InvalidRequirement(f"{text!r} has a character that can't be printed")


def _parse(text: str) -> Requirement:
    if match := _SCP.match(text):
        raise InvalidRequirement(
            f"{match[0]} is git's short form; write git+ssh://{match['host']}/{match['path']}"
        )
    scheme = _scheme(text)
    if not scheme and not _is_path(text):
        requirement = parse_requirement(text)
        path = _vendored_path(requirement.url)
        return replace(requirement, path=path, url="") if path else requirement
    address, *rest = (_URL_MARKER if scheme else _PATH_MARKER).split(text, maxsplit=1)
    if _vendored_path(address):
        return parse_requirement(text.replace("file:", "", 1))
    egg = _egg(address)
    extras = egg["extras"] if egg else ""
    if not egg and (match := _EXTRAS.fullmatch(address)):
        address, extras = match["address"], match["extras"]
    try:
        marker = Marker(rest[0]) if rest else None
    except InvalidMarker as error:
        raise InvalidRequirement(str(error)) from None
    return Requirement(
        text=text,
        name=canonical_name(egg["name"]) if egg else _name_of_file(address),
        extras=frozenset(
            canonical_name(each.strip()) for each in (extras or "").split(",") if each.strip()
        ),
        marker=marker,
        url=address,
    )


def parse_address(url: str) -> DirectReference:
    """Return the parts of an address. Raise InvalidRequirement if it cannot be vendored."""
    scheme = _scheme(url)
    if scheme:
        _refuse_control(unquote(url))
    try:
        parts = urlsplit(url if scheme else "")
    except ValueError as error:
        raise InvalidRequirement(f"{url!r} is not an address: {error}") from None
    fragment = _fragment(url) if scheme else {}
    if scheme.startswith(tuple(f"{vcs}+" for vcs in _OTHER_VCS)):
        raise InvalidRequirement(
            f"{scheme}: only git repositories can be vendored; name a checkout by its path"
        )
    if scheme and has_password(url):
        raise InvalidRequirement(
            "the address has a user or a password, which every clone of the project would have; "
            "~/.netrc, a keyring or git's credential helper can have them"
        )
    if scheme.startswith("git+") or scheme == "git":
        return _git(url, parts, fragment)
    if scheme in ("http", "https"):
        if not parts.path.strip("/"):
            raise InvalidRequirement(f"{url!r} names no file")
        return DirectReference(
            kind="archive",
            address=urlunsplit(parts._replace(fragment="")),
            subdirectory=_subdirectory(fragment),
            sha256=_sha256(fragment),
        )
    if scheme not in ("", "file"):
        raise InvalidRequirement(f"{scheme}: is not a kind of address that can be vendored")
    path = unquote(parts.path) if scheme else url
    if parts.netloc not in ("", "localhost"):
        raise InvalidRequirement(
            f"{parts.netloc!r} is a host; file: is followed by a path, like file:///srv/mylib"
        )
    if not path:
        raise InvalidRequirement("the path is missing")
    return DirectReference(
        kind="path",
        address=path,
        subdirectory=_subdirectory(fragment),
        sha256=_sha256(fragment),
    )


def local_path(reference: DirectReference, project: Path) -> Path:
    """Return the file or directory that a reference names; relative paths start at the project."""
    return project / Path(reference.address).expanduser()


def with_vendored_path(requirement: Requirement, file: str) -> Requirement:
    """Return a direct reference with the path of the vendored file that it has become."""
    return replace(requirement, name=parse_filename(file).name, path=SOURCE / file)


def _git(url: str, parts: SplitResult, fragment: Mapping[str, str]) -> DirectReference:
    if parts.scheme not in GIT_SCHEMES:
        raise InvalidRequirement(
            f"{parts.scheme}: an address of git begins with one of "
            + ", ".join(f"{each}://" for each in GIT_SCHEMES)
        )
    if not parts.path.strip("/") or (parts.scheme != "git+file" and not parts.hostname):
        raise InvalidRequirement(
            f"{url!r} is not the address of a repository, like git+ssh://git@git.example.org/mylib.git"
        )
    if parts.fragment and "=" not in parts.fragment:
        raise InvalidRequirement(
            f"#{parts.fragment} is neither egg= nor subdirectory=; in the name of a branch or tag, "
            "# is written %23"
        )
    path, at, ref = parts.path.partition(".git@")
    if at:
        path += ".git"
    else:
        path, at, ref = parts.path.rpartition("@")
    if not at:
        path, ref = parts.path, ""
    elif not ref:
        raise InvalidRequirement("a branch, tag or commit is missing after the last @")
    ref = unquote(ref)
    if ref and not is_ref(ref):
        raise InvalidRequirement(f"{ref!r} is not the name of a branch, tag or commit")
    address = urlunsplit(
        parts._replace(scheme=parts.scheme.removeprefix("git+"), path=path, fragment="")
    )
    return DirectReference(
        kind="git", address=address, ref=ref, subdirectory=_subdirectory(fragment)
    )


def _egg(address: str) -> re.Match[str] | None:
    """Return the name and extras in `#egg=`, which pip takes though it is deprecated."""
    egg = _fragment(address).get("egg")
    if egg is None:
        return None
    match = _EGG.fullmatch(egg)
    if not match:
        raise InvalidRequirement(f"egg={egg} is not a name; write NAME @ ADDRESS instead")
    return match


def _name_of_file(address: str) -> str:
    """Return the name in the file name at the end of an address; empty if it has none."""
    scheme = _scheme(address)
    try:
        path = unquote(urlsplit(address).path) if scheme else address
    except ValueError:  # `parse_address` refuses it
        return ""
    if scheme.startswith("git+") or not path.endswith(_ARCHIVES):
        return ""
    try:
        return parse_filename(PurePosixPath(path).name).name
    except InvalidFilename:
        return ""


def _vendored_path(address: str) -> PurePosixPath | None:
    """Return the path of a file in requirements/src/; None for every other address."""
    path = PurePosixPath(
        posixpath.normpath(_EXTRAS.sub(r"\g<address>", address).removeprefix("file:"))
    )
    return path if path.parent == SOURCE else None


def _scheme(text: str) -> str:
    match = _SCHEME.match(text)
    return match["scheme"].lower() if match else ""


def _is_path(text: str) -> bool:
    """Return whether pip takes a text for a path: it begins with a dot or has a slash."""
    head = _PATH_MARKER.split(text, maxsplit=1)[0]
    if re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*@", head):
        return False
    return head.startswith((".", "/", "~")) or "/" in head or head.endswith(_ARCHIVES)


def _fragment(address: str) -> dict[str, str]:
    """Return the parts of a fragment. A malformed one has fewer."""
    if not _scheme(address):
        return {}
    pairs = (each.partition("=") for each in address.partition("#")[2].split("&"))
    return {key: unquote(value) for key, _, value in pairs}


def _subdirectory(fragment: Mapping[str, str]) -> str:
    path = PurePosixPath(fragment.get("subdirectory", ""))
    if path.is_absolute() or ".." in path.parts:
        raise InvalidRequirement(f"subdirectory={path}: leads out of the archive")
    return "" if str(path) == "." else str(path)


def _sha256(fragment: Mapping[str, str]) -> str:
    digest = fragment.get("sha256", "").lower()
    if "sha256" in fragment and not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise InvalidRequirement("sha256= is followed by 64 hexadecimal digits")
    return digest
