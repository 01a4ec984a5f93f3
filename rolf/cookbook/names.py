"""What may be the name of something that people name: any script, one line."""

import re
import unicodedata
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError

LONGEST = 80  # characters
BYTES = 200  # of UTF-8: names become names of files, which have 255 (limits.h, NAME_MAX)


def check_name(name):
    """Raise ValidationError for what breaks a line, a path or the reader's trust."""
    _check(name)
    if "/" in name or name in (".", ".."):
        raise ValidationError("A name has no /.")


def check_recipe_name(name):
    """Raise ValidationError for what breaks a line, an address or the reader's trust.

    The cookbook of 2010 has names such as git/clone; a browser takes . and .. out of an address.
    """
    _check(name)
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise ValidationError("It begins or ends with a /, or has nothing, . or .. beside one."
                              if "/" in name else "It is no name.")


def to_file_name(name):
    """Return a name of a recipe or a stage as files can have it and be named by it: git%2Fclone.

    `of_files` returns what it was. What they can have stays as it is.
    """
    escaped = re.sub(r"^\.|/|%(?=[0-9A-Fa-f]{2})", lambda found: f"%{ord(found[0]):02X}", name)
    return "".join(each if each.isprintable() or unicodedata.category(each) == "Zs"
                   else quote(each) for each in escaped)


def from_file_name(text):
    """Return the name that `in_files` made that text of."""
    return unquote(text)


def _check(name):
    if len(name.encode("utf-8", "surrogatepass")) > BYTES:
        raise ValidationError("It is too long for the name of a file.")
    if name != name.strip():
        raise ValidationError("It begins or ends with a space.")
    # Control and format characters (which turn text round), surrogates, line separators.
    odd = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if any(unicodedata.category(character) in odd for character in name):
        raise ValidationError("It holds a character that can't be seen.")
