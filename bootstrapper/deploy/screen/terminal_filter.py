"""Filter the output of stages for a terminal: colours pass, other control sequences do not.

A stage prints text of other people (commit subjects, file names, messages of hosts). Of escape
sequences only colours (SGR) and "erase to the end of the line" pass; titles, links, clipboard and
cursor movements are removed. Characters that reverse the direction of text become U+FFFD.
"""

import re

# Bytes of UTF-8: C1 controls are C2 80 to C2 9F; the bidirectional ones U+061C, U+200E, U+200F,
# U+202A to U+202E, U+2066 to U+2069.
_BIDI = rb"\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
_STRING = rb"(?:[^\x07\x1b\xc2]|\xc2[^\x9c\x07\x1b])*"
_SUSPICIOUS = re.compile(rb"[\x00-\x07\x0b-\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|" + _BIDI)
_TOKEN = re.compile(
    rb"(?P<kept>\x1b\[[0-9;:]*[mK])"
    rb"|(?:\x1b\[|\xc2\x9b)[0-?]*[ -/]*[@-~]"
    rb"|(?:\x1b[\]PX^_]|\xc2[\x9d\x90\x98\x9e\x9f])" + _STRING + rb"(?:\x07|\x1b\\|\xc2\x9c)"
    rb"|\x1b[ -/]*[0-OQ-WYZ\\`-~]"
    rb"|(?P<turning>" + _BIDI + rb")"
    rb"|\xc2[\x80-\x9f]|[\x00-\x07\x0b-\x0c\x0e-\x1f\x7f]"
)
# What may go on in the next piece: an escape without its end, the first bytes of a character.
_OPEN = re.compile(
    rb"(?:(?:\x1b\[|\xc2\x9b)[0-?]*[ -/]*"
    rb"|(?:\x1b[\]PX^_]|\xc2[\x9d\x90\x98\x9e\x9f])" + _STRING + rb"[\x1b\xc2]?"
    rb"|\x1b[ -/]*|\xc2|\xd8|\xe2[\x80\x81]?)\Z"
)
_LONGEST = 4096  # of what is held back for its end


class TerminalFilter:
    """The filter of one stream; `feed` returns safe bytes and holds back an unfinished sequence."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the next bytes for the terminal."""
        data, self._held = self._held + data, b""
        tail = data[-_LONGEST:]
        if found := _OPEN.search(tail):
            self._held = tail[found.start() :]
            data = data[: len(data) - len(self._held)]
        if not _SUSPICIOUS.search(data):
            return data
        return _TOKEN.sub(_replacement, data)


def _replacement(token: "re.Match[bytes]") -> bytes:
    return token["kept"] or ("\N{REPLACEMENT CHARACTER}".encode() if token["turning"] else b"")
