"""Translate ssh's errors into messages with a next step."""

import re

from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from bootstrapper.quoting import joined, quoted

OWN_STATUS = 255

# Of the ssh program's own: sshconnect.c, readconf.c, channels' and the system's strerror.
_NO_NAME = re.compile(r"Could not resolve hostname ([^:]*):")
_REFUSED = re.compile(r"connect to (?:host|address) (\S+) port (\d+): Connection refused")
_TIMEOUT = re.compile(r"timed out|Timeout, server .* not responding")
_NO_ROUTE = re.compile(r"No route to host|Network is unreachable|Host is down")
_CHANGED = re.compile(r"REMOTE HOST IDENTIFICATION HAS CHANGED")
_FINGERPRINT = re.compile(r"(SHA256:[^\s.]+)")
_OFFENDING = re.compile(r"^Offending .* in (.*):(\d+)$", re.M)
# A host's banner stands in the same text, so only the exact form of sshconnect.c counts.
_REMOVE = re.compile(
    r"""^ +(ssh-keygen -f (["'])[^"'$`\\\x00-\x1f]+\2 -R (["'])([\w.\[:][\w.\[\]:%-]*)\3)[ \t]*$""",
    re.M | re.ASCII,
)
_KNOWN_PORT = re.compile(r"\[(.+)\]:(\d+)")
_IN_FILE = re.compile(r"(\S.*?):? line (\d+):")
_BAD_OWNER = re.compile(r"Bad owner or permissions on (\S+)")
_UNKNOWN = re.compile(r"host key is known for|Host key verification failed|authenticity of host")
_DENIED = re.compile(r"Permission denied \(|Too many authentication failures")
_CONFIGURATION = re.compile(
    r"[Bb]ad configuration option|Bad owner or permissions|keyword .* extra arguments"
    r"|missing argument|terminating, \d+ bad"
)
_CLOSED = re.compile(r"kex_exchange_identification|banner exchange|Connection (?:closed|reset) by")


def ssh_error(
    host: str, stderr: str, *, by_hand: str, status: int, printed: str = ""
) -> BootstrapperError:
    """Return the error of an unreachable host: `stderr` is ssh's, `by_hand` the command to try.

    ssh's own exit status is 255; any other is that of the login shell there, which may have
    `printed` why (ssh(1), nologin(8)).
    """
    if 0 < status != OWN_STATUS:
        return WorkFailed(
            host,
            "its shell ended before it answered: "
            f"{printed or _last(stderr) or f'exit status {status}'}",
            f"{by_hand}  # is its login shell nologin or false, or does its start-up file exit?",
        )
    text = stderr.replace("\r", "")
    if _CHANGED.search(text):
        return _changed(host, text, by_hand)
    if _CONFIGURATION.search(text):
        line = next(line for line in text.splitlines() if _CONFIGURATION.search(line))
        return InputError(
            host,
            f"ssh can't read its configuration: {line.strip()}",
            _open_configuration(line) or f"{by_hand}  # shows the same error",
        )
    if found := _NO_NAME.search(text):
        return WorkFailed(
            host,
            f"the name {found[1] or host} is not known",
            f"{by_hand}  # is REMOTE_HOST right, and the name in ssh's configuration?",
        )
    if found := _REFUSED.search(text):
        return WorkFailed(
            host,
            f"nothing listens at {found[1]} port {found[2]}",
            f"{by_hand}  # does its ssh server run, and is the port right?",
        )
    if _TIMEOUT.search(text):
        return WorkFailed(
            host,
            "does not answer (timed out)",
            f"{by_hand}  # is the host up, and is there a firewall?",
        )
    if _NO_ROUTE.search(text):
        return WorkFailed(
            host,
            f"can't be reached ({_last(text)})",
            f"{by_hand}  # does the network, or the VPN, work?",
        )
    if _UNKNOWN.search(text):
        return WorkFailed(
            host,
            "its host key is not known here yet",
            f"{by_hand}  # compare the fingerprint with the host's own",
        )
    if _DENIED.search(text):
        return WorkFailed(
            host,
            f"login refused ({_last(text)})",
            f"{by_hand}  # ssh-add -l lists your keys, ssh-copy-id {quoted(host)} adds one",
        )
    if _CLOSED.search(text):
        return WorkFailed(
            host,
            f"closed the connection at once ({_last(text)})",
            f"{by_hand}  # the log of its ssh server has the reason",
        )
    return WorkFailed(host, _last(text) or f"ssh ended with status {status}", by_hand)


def _changed(host: str, text: str, by_hand: str) -> WorkFailed:
    shown = _FINGERPRINT.search(text)
    known = _OFFENDING.search(text)
    remove = _REMOVE.search(text)
    forget = remove[1] if remove else f"ssh-keygen -R {quoted(host.rpartition('@')[2])}"
    return WorkFailed(
        host,
        "ITS HOST KEY HAS CHANGED: another machine may answer in its place. "
        f"It shows {shown[1] if shown else 'another key'}"
        + (f"; the one we know is in {known[1]}:{known[2]}" if known else "")
        + ". Don't continue before somebody has read the fingerprint on the host itself: "
        "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        f"{_scan(remove[4] if remove else host.rpartition('@')[2])}"
        f"  # only if the host itself shows the same: {forget}; then {by_hand}",
    )


def _scan(name: str) -> str:
    """Return the command that shows the fingerprints of a host; `name` is as in known_hosts."""
    found = _KNOWN_PORT.fullmatch(name)
    words = ["-p", found[2], found[1]] if found else [name]
    return f"ssh-keyscan {joined(words)} | ssh-keygen -lf -"


def _open_configuration(line: str) -> str:
    """Return the command that opens the file in which ssh's message finds a fault, or nothing."""
    if found := _IN_FILE.match(line):
        return f"${{EDITOR:-vi}} +{found[2]} {quoted(found[1])}  # correct that line"
    if found := _BAD_OWNER.search(line):
        return f"ls -l {quoted(found[1])}  # only its owner may write it"
    return ""


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
