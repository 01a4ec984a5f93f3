"""A flag: a switch or a text that `--flag NAME[=VALUE]` sets for one push."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bootstrapper.deploy.definition.problems import Problem
from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import check_text
from bootstrapper.program import PROGRAM
from bootstrapper.spelling import did_you_mean

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
        """What stages get without `--flag`: a boolean is `1` or empty."""
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
                    next_step=_choices(
                        [flags[name]] if name in flags else flags.values(), deployment
                    ),
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


def _choices(flags: Iterable[Flag], deployment: str) -> str:
    """Return a command with a flag, and the other words that it takes; =0 turns a switch off."""
    words = []
    for flag in flags:
        words += (
            [f"--flag {flag.name}", f"--flag {flag.name}=0"]
            if flag.boolean
            else [f"--flag {flag.name}=TEXT"]
        )
    command = f"{PROGRAM} deploy {deployment}"
    if not words:
        return f"{command}  # a flag needs [deployments.{deployment}.flags.NAME] in the file"
    return f"{command} {words[0]}" + (f"  # or {', '.join(words[1:])}" if words[1:] else "")
