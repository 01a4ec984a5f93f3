"""Fields for text that comes from programs, which may hold any bytes."""

import re

from django.db import models

# A byte that is not UTF-8 is one of these in Python (PEP 383). PostgreSQL does not store them.
_BYTE = re.compile("[\udc80-\udcff\ufdd0]")
_STORED = re.compile("\ufdd0(..)")
# Unicode never assigns this character ("Noncharacters"). It begins a stored byte, or itself.
_MARK, _ITSELF = "\ufdd0", "--"


class BytesJSONField(models.JSONField):
    """A JSONField whose texts may have bytes that are not UTF-8, on any database."""

    def get_db_prep_value(self, value, connection, prepared=False):
        """Return what the database stores."""
        if isinstance(value, dict | list | str):
            value = _each_text(value, lambda text: _BYTE.sub(_store, text))
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value, expression, connection):
        """Return the value with its original bytes."""
        value = super().from_db_value(value, expression, connection)
        return _each_text(value, lambda text: _STORED.sub(_restore, text))


def _store(found):
    character = found[0]
    return _MARK + (_ITSELF if character == _MARK else f"{ord(character) & 0xFF:02x}")


def _restore(found):
    return _MARK if found[1] == _ITSELF else chr(0xDC00 + int(found[1], 16))


def _each_text(value, change):
    """Return the JSON value with each of its texts changed."""
    match value:
        case str():
            return change(value)
        case list():
            return [_each_text(each, change) for each in value]
        case dict():
            return {change(key): _each_text(each, change) for key, each in value.items()}
    return value
