"""Write values of TOML, so that no text can end its string or begin another line."""

import json

from bootstrapper.deploy.definition.schema import InvalidValue

_SHORT = set('\b\t\n\f\r"\\')


def toml_string(text: str) -> str:
    """Return a basic string of TOML 1.0.0 in one line, with every character that can't be seen escaped.

    Raise InvalidValue if the text has a NUL, which no environment variable can hold, or bytes that
    are not UTF-8.
    """
    if "\0" in text:
        raise InvalidValue("it has a NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidValue("it is not UTF-8") from None
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    if letter in _SHORT:
        return json.dumps(letter)[1:-1]
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
