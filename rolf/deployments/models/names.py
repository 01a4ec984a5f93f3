"""What may be the name of something that people name: any script, one line."""

import unicodedata

from django.core.exceptions import ValidationError

LONGEST = 80  # characters
BYTES = 200  # of UTF-8: names become names of files, which have 255 (limits.h, NAME_MAX)


def check_name(name):
    """Raise ValidationError for what breaks a line, a path or the reader's trust."""
    if len(name.encode("utf-8", "surrogatepass")) > BYTES:
        raise ValidationError("It is too long for the name of a file.")
    if name != name.strip():
        raise ValidationError("It begins or ends with a space.")
    # Control and format characters (which turn text round), surrogates, line separators.
    odd = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if any(unicodedata.category(character) in odd for character in name):
        raise ValidationError("It holds a character that can't be seen.")
    if "/" in name or name in (".", ".."):
        raise ValidationError("A name has no /.")
