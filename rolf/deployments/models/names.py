"""What may be the name of something that people name: any script, one line."""

import unicodedata

from django.core.exceptions import ValidationError

LONGEST = 80


def check_name(name):
    """Raise ValidationError for what breaks a line, a path or the reader's trust."""
    if name != name.strip():
        raise ValidationError("It begins or ends with a space.")
    # Control and format characters (which turn text round), surrogates, line separators.
    odd = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if any(unicodedata.category(character) in odd for character in name):
        raise ValidationError("It holds a character that can't be seen.")
    if "/" in name or name in (".", ".."):
        raise ValidationError("A name has no /.")
