"""Syslog messages as in RFC 5424, and how a stream separates them (RFC 6587, RFC 5425)."""

import socket

from .chain import canonical, to_json

FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "authpriv": 10, "audit": 13} | {
    f"local{number}": 16 + number for number in range(8)
}
WARNING, NOTICE = 4, 5
APP = "rolf"
LARGEST_ID = 2**31 - 1  # of sequenceId; then it starts again at 1 (RFC 5424, 7.3.1)


def json_line(entry):
    """Return the row as one line of JSON: its canonical form, and its hash."""
    return to_json({**canonical(entry), "hash": entry.hash})


def message(entry, facility="authpriv", host=None):
    """Return the row as a message: its JSON, with its number in the chain as sequenceId."""
    severity = NOTICE if entry.outcome == "ok" else WARNING
    priority = FACILITIES[facility] * 8 + severity
    at = canonical(entry)["at"]
    number = (entry.sequence - 1) % LARGEST_ID + 1
    action = _printable(entry.action, 32)
    host = _printable(host or socket.gethostname(), 255)
    head = f'<{priority}>1 {at} {host} {APP} - {action} [meta sequenceId="{number}"]'
    return f"{head} {json_line(entry)}".encode("ascii")


def counted(messages):
    """Return the bytes of a stream of messages: each after its length."""
    return b"".join(b"%d %s" % (len(each), each) for each in messages)


def _printable(text, most):
    """Return the text as a field of the header: printable ASCII without spaces."""
    kept = "".join(letter for letter in text if "!" <= letter <= "~")
    return kept[:most] or "-"
