"""A flag: a switch or a text that `--flag NAME[=VALUE]` sets for one push."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bootstrapper.deploy.definition.problems import Problem
from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import check_text
from bootstrapper.program import PROGRAM
from bootstrapper.spelling import did_you_mean, nearest

_BOOLEAN = {"": "1", "1": "1", "true": "1", "yes": "1", "0": "", "false": "", "no": ""}


@dataclass(frozen=True, kw_only=True)
class Flag:
    """`default` is a bool, or text where the flag takes text."""

    name: str
    description: str = ""
    default: bool | str = False

    @property
    def boolean(self) -> bool:
        """Whether it is on or off, not text."""
        return isinstance(self.default, bool)

    @property
    def value(self) -> str:
        """The value for stages without `--flag`: a boolean is `1` or empty."""
        return self.default if isinstance(self.default, str) else "1" if self.default else ""


def values(
    flags: Mapping[str, Flag], words: Iterable[str], deployment: str
) -> tuple[dict[str, str], list[Problem]]:
    """Return what stages get of each flag, and what is wrong with the command line's `words`.

    A word is "NAME" or "NAME=VALUE"; the last word about a flag counts.
    """
    given = {name: flag.value for name, flag in flags.items()}
    problems: list[Problem] = []
    for word in words:
        name, equals, value = word.partition("=")
        try:
            if name not in flags:
                raise InvalidValue(
                    f"no flag of {deployment} is called {name}{did_you_mean(name, flags)}"
                )
            given[name] = _value(flags[name], value, given=bool(equals))
        except InvalidValue as error:
            problems.append(
                Problem(
                    file=f"--flag {name}",
                    text=str(error),
                    next_step=_choices(name, flags, deployment),
                )
            )
    return given, problems


def _value(flag: Flag, value: str, *, given: bool) -> str:
    """Return what stages get. Raise InvalidValue if the flag doesn't take that."""
    if flag.boolean:
        if value.casefold() not in _BOOLEAN or (given and not value):
            raise InvalidValue(f'the flag {flag.name} is on or off, which "{value}" doesn\'t say')
        return _BOOLEAN[value.casefold()]
    if not given:
        raise InvalidValue(f"the flag {flag.name} takes text, and --flag {flag.name} gives none")
    try:
        check_text(value)
    except InvalidValue as error:
        raise InvalidValue(f"the flag {flag.name}: {error}") from None
    return value


def _choices(name: str, flags: Mapping[str, Flag], deployment: str) -> str:
    """Return a command with the flag that was meant, and the other words that `--flag` takes.

    `=0` turns a switch off. A text is for the user to choose, so such a command does not push.
    """
    command = f"{PROGRAM} deploy {deployment}"
    if not flags:
        return f"{command}  # a flag needs [deployments.{deployment}.flags.NAME] in the file"
    meant = flags.get(name) or flags.get(nearest(name, flags))
    words = [
        word
        for flag in ([meant] if name in flags and meant else flags.values())
        for word in (
            (f"--flag {flag.name}", f"--flag {flag.name}=0")
            if flag.boolean
            else (f"--flag {flag.name}=TEXT",)
        )
    ]
    if meant is None:
        return f"{command} --dry-run  # it takes {', '.join(words)}"
    if not meant.boolean:
        return with_text(deployment, meant.name)
    words.remove(f"--flag {meant.name}")
    return f"{command} --flag {meant.name}  # or {', '.join(words)}"


def with_text(deployment: str, name: str) -> str:
    """Return a command with a flag that takes text; it does not push."""
    return f"{PROGRAM} deploy {deployment} --dry-run --flag {name}=TEXT  # write your own TEXT"
