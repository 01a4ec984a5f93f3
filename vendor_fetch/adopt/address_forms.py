"""Write the addresses of requirements as apps.in takes them, whatever forms pip has taken."""

import re
from collections.abc import Callable, Sequence

from bootstrapper.ve.standards.version import InvalidVersion, Version

# A new text and what has changed, or None.
Change = tuple[str, str] | None

_EGG = re.compile(
    r"(?P<start>[#&]egg=)(?P<egg>[^&\s\[;]+)(?P<extras>\[[^\]]*\])?(?P<more>&(?=\S))?"
)
_VERSION = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*?)(?:==(?P<version>.*)|-(?P<suffix>[^-=]*))")
# Names of branches that were written behind the name; the first is pip's own.
_BRANCHES = ("dev", "master", "main", "trunk", "tip")
_SCP = re.compile(
    r"git\+(?:(?P<login>[\w.-]+@[\w.-]+):(?!//)|ssh://(?P<user>[\w.-]+@[\w.-]+):(?!\d+/))"
    r"(?P<path>[^\s/]\S*)"
)
_GIT = re.compile(r"(?:git\+)?git://(?P<host>[^/\s]+)/")
# A host that ended the unencrypted protocol of git in 2022.
# https://github.blog/security/application-security/improving-git-protocol-security-github/
_WITHOUT_GIT = "github.com"
_ADDRESS = re.compile(r"(?:git|https?|file)\S*:")


def _with_ssh(text: str) -> Change:
    match = _SCP.search(text)
    if not match:
        return None
    address = f"git+ssh://{match['login'] or match['user']}/{match['path']}"
    change = "with ssh:// before the host" if match["login"] else "with / after the host"
    return text[: match.start()] + address + text[match.end() :], change


def _with_scheme(text: str) -> Change:
    match = _GIT.search(text)
    host = match["host"].rpartition("@")[2] if match else ""
    if match and host == _WITHOUT_GIT:
        address = f"git+https://{host}/"
        change = f"https://, because {host} has ended git://"
    elif match and not match[0].startswith("git+"):
        address, change = f"git+{match[0]}", "with git+ before git://"
    else:
        return None
    return text[: match.start()] + address + text[match.end() :], change


def _with_plain_egg(text: str) -> Change:
    """Write the name alone after #egg=, without a version or a branch, which pip took for years."""
    egg = _EGG.search(text)
    match = _VERSION.fullmatch(egg["egg"]) if egg else None
    if not egg or not match or not (match["version"] or _is_suffix(match["suffix"] or "")):
        return None
    start, end = egg.span("egg")
    return text[:start] + match["name"] + text[end:], "the name alone after #egg="


def _is_suffix(text: str) -> bool:
    """Return whether a text behind a hyphen is a version or a branch, and no part of a name."""
    try:
        return text in _BRANCHES or bool(Version(text))
    except InvalidVersion:
        return False


def _with_name_first(text: str) -> Change:
    """Write `NAME @ ADDRESS` for an address with #egg=NAME."""
    match = _EGG.search(text) if _ADDRESS.match(text) else None
    if not match or not re.fullmatch(r"[\w.-]+", match["egg"]):
        return None
    start, end = text[: match.start()], text[match.end() :]
    mark = "&" if "#" in start else "#"
    address = start + (mark if match["more"] else "") + end
    return f"{match['egg']}{match['extras'] or ''} @ {address}", "the name before the address"


# Each takes a requirement and returns a new text with what it has changed, or None.
ADDRESS_CHANGES: Sequence[Callable[[str], Change]] = (
    _with_ssh,
    _with_scheme,
    _with_plain_egg,
    _with_name_first,
)


def with_hash(text: str, hashes: Sequence[str]) -> tuple[str, str]:
    """Return the address of an archive with the only hash in it, and what has changed.

    An address has one hash, so that several of them are lost.
    """
    if not hashes or "sha256=" in text:
        return text, ""
    if hashes[1:]:
        count = len(hashes)
        return text, f"without its {count} hashes: an address has one, #sha256=HASH of the archive"
    before, semicolon, marker = text.partition(" ;")
    address = before.strip()
    return f"{address}{'&' if '#' in address else '#'}sha256={hashes[0]}{semicolon}{marker}", ""
