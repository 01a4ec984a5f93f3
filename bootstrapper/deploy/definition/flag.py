"""A flag: a switch or a word that one push may be told with `--flag NAME[=VALUE]`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.setting import check_text
from bootstrapper.errors import InputError
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


def values(flags: Mapping[str, Flag], words: Iterable[str], deployment: str) -> dict[str, str]:
    """What stages get of each flag, after the command line's `words` ("NAME", "NAME=VALUE").

    The last word about a flag counts. Raises InputError, which says what can be given.
    """
    given = {name: flag.value for name, flag in flags.items()}
    for word in words:
        name, equals, value = word.partition("=")
        if name not in flags:
            raise InputError(
                f"--flag {name}",
                f"{deployment} has no such flag{did_you_mean(name, flags)}",
                _choices(flags, deployment),
            )
        if not flags[name].boolean and not equals:
            raise InputError(
                f"--flag {name}", "takes text, and there is none", f"--flag {name}=TEXT"
            )
        if flags[name].boolean and (value.casefold() not in _BOOLEAN or (equals and not value)):
            raise InputError(
                f"--flag {name}",
                f'is on or off, which "{value}" doesn\'t say',
                f"--flag {name} for on, --flag {name}=0 for off",
            )
        try:
            check_text(value)
        except InvalidValue as error:
            raise InputError(f"--flag {name}", str(error), f"--flag {name}=TEXT") from None
        given[name] = _BOOLEAN[value.casefold()] if flags[name].boolean else value
    return given


def _choices(flags: Mapping[str, Flag], deployment: str) -> str:
    if not flags:
        return (
            f"without --flag, or give it to {deployment} in deploy/deployments.toml: "
            f"[deployments.{deployment}.flags.NAME]"
        )
    return "one of " + ", ".join(
        f"--flag {flag.name}" + ("" if flag.boolean else "=TEXT") for flag in flags.values()
    )
