"""Check the values of settings that shipped recipes use, before a push runs."""

import re
from collections.abc import Callable, Iterable, Mapping

from bootstrapper.deploy.definition.schema import InvalidValue

# What other recipes keep in shared/, beside what releases share.
_OF_RECIPES = {"backups": "backup-database", "maintenance.html": "maintenance-on"}


def unfit(codes: Iterable[str], values: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with values that the code uses, by the names of settings."""
    code, found = "\n".join(codes), {}
    for name, check in KNOWN.items():
        try:
            if values.get(name) and name in code:
                check(values[name])
        except InvalidValue as error:
            found[name] = str(error)
    return found


def check_shared_paths(value: str) -> None:
    """Raise InvalidValue unless the words are paths inside of a release, none of them in another.

    What is linked inside of a link would be deleted with it. The recipes look, too
    (cookbook/shared-paths.bash): their settings may come from elsewhere.
    """
    paths: list[str] = []
    for word in value.split():
        parts = [part for part in word.split("/") if part not in ("", ".")]
        if word.startswith("/") or ".." in parts or not parts:
            raise InvalidValue(f'"{word}" is not inside of a release')
        path = "/".join(parts)
        if path.startswith("-"):
            raise InvalidValue(f'"{path}" begins with -, as an option does')
        if parts[0] in _OF_RECIPES:
            raise InvalidValue(f'"{path}": shared/{parts[0]} belongs to {_OF_RECIPES[parts[0]]}')
        for other in paths:
            if path != other and (
                f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/")
            ):
                raise InvalidValue(f'of "{path}" and "{other}", one lies in the other')
        paths.append(path)


def check_count(value: str) -> None:
    """Raise InvalidValue unless it is a whole number from 1 on."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", value):
        raise InvalidValue(f'"{value}" is not a number from 1 on')


def check_backups(value: str) -> None:
    """Raise InvalidValue unless it is a whole number from 1 on, or `all`."""
    if value != "all":
        try:
            check_count(value)
        except InvalidValue as error:
            raise InvalidValue(f'{error}, nor "all"') from None


def check_inside(value: str) -> None:
    """Raise InvalidValue unless it is a path that leads nowhere but into a release."""
    if value.startswith(("/", "-")) or ".." in value.split("/"):
        raise InvalidValue(f'"{value}" is not inside of a release')


def check_seconds(value: str) -> None:
    """Raise InvalidValue unless it is a number of seconds, as flock(1) takes one."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", value):
        raise InvalidValue(f'"{value}" is not a number of seconds')


KNOWN: Mapping[str, Callable[[str], None]] = {
    "SHARED_PATHS": check_shared_paths,
    "KEEP_BACKUPS": check_backups,
    "KEEP_RELEASES": check_count,
    "MANAGE_DIRECTORY": check_inside,
    "ENV_FILE": check_inside,
    "TEST_ENV_FILE": check_inside,
    "STATIC_DIRECTORY": check_inside,
    "MIGRATE_WAIT": check_seconds,
}
