"""Check answers before they are written: which text a recipe can use for what it asks for."""

from collections.abc import Callable
from urllib.parse import urlsplit

from bootstrapper.deploy.definition import known_setting, schema
from bootstrapper.deploy.definition.schema import InvalidValue


def check_line(value: str) -> None:
    """Raise InvalidValue unless the value is one line, with nothing that can't be seen."""
    try:
        schema.one_line(value)
    except InvalidValue:
        raise InvalidValue("it has characters that can't be seen, or only spaces") from None


def check_inside(value: str) -> None:
    """Raise InvalidValue unless the value is a path that does not leave the checkout or the release."""
    check_line(value)
    known_setting.check_inside(value)


def check_absolute(value: str) -> None:
    """Raise InvalidValue unless the value is an absolute path below /."""
    check_line(value)
    if not value.startswith("/") or not value.strip("/") or ".." in value.split("/"):
        raise InvalidValue(f'"{value}" is not an absolute path below /')


def check_words(value: str) -> None:
    """Raise InvalidValue if one of the words would be an option."""
    check_line(value)
    for word in value.split():
        if word.startswith("-"):
            raise InvalidValue(f'"{word}" begins with -, as an option does')


def check_urls(value: str) -> None:
    """Raise InvalidValue unless the words are addresses of web pages, without a password."""
    check_line(value)
    for word in value.replace("{host}", "host").split():
        try:
            parts = urlsplit(word)
            is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
            has_password = bool(parts.username or parts.password)
            _ = parts.port
        except ValueError:
            is_url = has_password = False
        if has_password:
            raise InvalidValue("the address has a password or a login, which every push would show")
        if not is_url:
            raise InvalidValue(f'"{word}" does not begin with http:// or https:// and a name')


def fits(check: Callable[[str], None], value: str) -> bool:
    """Return whether a value, which was found in a file of the project, passes the check."""
    try:
        check(value)
    except InvalidValue:
        return False
    return True
