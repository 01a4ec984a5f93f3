"""Rules for names of deployments, recipes and stages: any script, one line."""

import re
import unicodedata
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError

LONGEST = 80  # characters
BYTES = 200  # of UTF-8: names become file names, which may have 255 (limits.h, NAME_MAX)


def check_name(name):
    """Raise ValidationError if the name would break a line or a path, or mislead a reader."""
    _check(name)
    if "/" in name or name in (".", ".."):
        raise ValidationError("A name must not contain a slash.")


def check_recipe_name(name):
    """Raise ValidationError if the name would break a line or a URL, or mislead a reader.

    Slashes are allowed, as in git/clone of the cookbook of 2010. Browsers remove . and .. of URLs.
    """
    _check(name)
    if not {"", ".", ".."}.isdisjoint(name.split("/")):
        raise ValidationError(
            "A name must not begin or end with a slash, nor have //, . or .. beside one."
            if "/" in name
            else "This is not a valid name."
        )


def to_file_name(name):
    """Return the name of a recipe or a stage as a file name: git%2Fclone.

    `from_file_name` reverses it. Characters that file names can have stay as they are.
    """
    escaped = re.sub(r"^\.|/|%(?=[0-9A-Fa-f]{2})", lambda found: f"%{ord(found[0]):02X}", name)
    return "".join(
        each if each.isprintable() or unicodedata.category(each) == "Zs" else quote(each)
        for each in escaped
    )


def from_file_name(text):
    """Return the name that `to_file_name` turned into the text."""
    return unquote(text)


def _check(name):
    if len(name.encode("utf-8", "surrogatepass")) > BYTES:
        raise ValidationError("The name is too long.")
    if name != name.strip():
        raise ValidationError("A name must not begin or end with a space.")
    # Control and format characters, which reorder text; surrogates; line separators.
    odd = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    if any(unicodedata.category(character) in odd for character in name):
        raise ValidationError("The name contains an invisible character.")
