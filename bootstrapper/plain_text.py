"""Text from outside, without the characters that steer a terminal or turn a line round.

Commit subjects, comments, reasons, names and other programs' messages come from people and hosts
that we don't know.
"""

import re

# ECMA-48: control sequences, strings (as window titles and links are), and shorter escapes; in
# their 7-bit and 8-bit forms. One that is cut off goes to the end.
ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)


def single_line(text: str) -> str:
    """The text in one line: no control characters, a space for each run of line breaks."""
    if text.isprintable():
        return text
    text = re.sub(r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+\s*", " ", ESCAPES.sub("", text))
    return "".join(
        letter if letter.isprintable() else " " if letter.isspace() else "" for letter in text
    ).strip()


def lines(text: str) -> str:
    """The text with its line breaks and indentation, and no other control characters."""
    if text.isprintable():
        return text
    whole = []
    for line in text.split("\n"):
        body = line.lstrip(" ")
        whole.append(" " * (len(line) - len(body)) + single_line(body))
    return "\n".join(whole)
