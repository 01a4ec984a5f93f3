"""Text from outside, without the characters that control a terminal or reverse a line.

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


_LINE_BREAKS = "\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
_FIRST_WORD = re.compile(r"[^\w|]*(\w{4})\s*[:\u2236\ua789\ufe13\ufe55\uff1a]")


def single_line(text: str) -> str:
    """The text in one line: no control characters, a space for each run of line breaks."""
    if text.isprintable():
        return text
    text = re.sub(rf"\s*[{_LINE_BREAKS}]+\s*", " ", ESCAPES.sub("", text))
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


def without_next(text: str) -> str:
    """The text of a fault, with `| ` before each line that looks like the `next:` line of an error.

    Such a line comes from another program, a host or a file's name: a user would paste its command.
    Letters of other scripts can look like "next", so a word of four such letters is marked, too.
    """
    for line_break in ("\n", f"[{_LINE_BREAKS}]"):  # browsers break lines at some of the others
        first, *others = re.split(f"({line_break})", text)
        text = first + "".join(map(_marked, others))
    return text


def _marked(line: str) -> str:
    word = _FIRST_WORD.match(single_line(line))
    if not word or not (word[1].casefold() == "next" or not word[1].isascii()):
        return line
    body = line.lstrip(" ")
    return f"{' ' * (len(line) - len(body))}| {body}"
