"""Every key of deploy/deployments.toml: its type, its default and its purpose.

The reader checks files against this table, and docs/reference.md prints it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from bootstrapper.deploy.definition import duration
from bootstrapper.git_ref import is_ref


class InvalidValue(Exception):
    """The value of a key or a setting is invalid; the message may suggest another one."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """`takes` is what a value must be, in words. `read` returns the value as the engine has it.

    `default` is written as in the file; None: there is no value without the key.
    """

    name: str
    takes: str
    read: Callable[[Any], Any]
    doc: str
    default: object = None
    required: bool = False

    @property
    def fallback(self) -> Any:
        """The value without the key."""
        return None if self.default is None else self.read(self.default)


@dataclass(frozen=True)
class Share:
    """A number of hosts, or a percentage of all hosts: `2` or `"25%"`."""

    number: int
    percent: bool = False

    def of(self, total: int) -> int:
        """Return how many that is of `total`: rounded down, and one at least."""
        return max(1, min(total, total * self.number // 100 if self.percent else self.number))

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise InvalidValue
    return value


def one_line(value: object) -> str:
    """Return text without anything that ends a line or can't be seen. Raise InvalidValue."""
    # isprintable() knows one space alone, and scripts have their own (U+3000).
    if not all(each.isprintable() or category(each) == "Zs" for each in _text(value)):
        raise InvalidValue
    return str(value)


def ref(value: object) -> str:
    """Return the name of a branch, a tag or a commit. Raise InvalidValue."""
    if not is_ref(_text(value)):
        raise InvalidValue
    return str(value)


MOST = 2**31 - 1  # of what is counted: a database's number, too


def _duration(value: object) -> float:
    if isinstance(value, str) and (seconds := duration.parse(value)):
        return seconds
    digits = str(value).strip()
    raise InvalidValue(
        f'; did you mean "{digits}s"?' if digits.strip("0") and digits.isdecimal() else ""
    )


def _stage_name(value: object) -> str:
    if "/" in one_line(value) or str(value).startswith("."):
        raise InvalidValue
    return str(value)


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue
    return value


def _array(value: object) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise InvalidValue
    return value


def _choice(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in choices:
            from bootstrapper.spelling import did_you_mean

            raise InvalidValue(did_you_mean(str(value), choices))
        return str(value)

    return read


def share(value: object) -> Share:
    """So many hosts, or so many percent of them. Raise InvalidValue."""
    match = re.fullmatch(r"([0-9]{1,9})%", value) if isinstance(value, str) else None
    if match and 1 <= int(match[1]) <= 100:
        return Share(int(match[1]), percent=True)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return Share(value)
    digits = value.strip(' "') if isinstance(value, str) else ""
    raise InvalidValue(
        f"; did you mean {digits}, without quotes?"
        if digits.strip("0") and digits.isdecimal()
        else ""
    )


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST:
        raise InvalidValue
    return value


def _flag_default(value: object) -> bool | str:
    if not isinstance(value, bool | str) or "\0" in str(value):
        raise InvalidValue
    return value


def _true(value: object) -> bool:
    if value is not True:
        raise InvalidValue
    return True


_DURATION = f"a duration such as {duration.EXAMPLES}"
_TIMEOUT = Key(
    name="timeout",
    takes=_DURATION,
    read=_duration,
    default="30m",
    doc="how long a stage may take; then the engine ends it and the stage fails",
)
_IDLE_TIMEOUT = Key(
    name="idle_timeout",
    takes=_DURATION,
    read=_duration,
    doc="how long a stage may print nothing; then the engine ends it",
)
_SETTINGS = Key(
    name="settings",
    takes="a table",
    read=_table,
    default={},
    doc="lines NAME = value, which stages get as environment variables",
)

DOCUMENT = (
    Key(
        name="default",
        takes="the name of a deployment",
        read=one_line,
        doc="the deployment of a command that names none; a file with one deployment does not "
        "need it",
    ),
    _SETTINGS,
    Key(
        name="deployments",
        takes="a table",
        read=_table,
        required=True,
        doc="a table [deployments.NAME] for each deployment",
    ),
)
DEPLOYMENT = (
    Key(
        name="branch",
        takes="the name of a branch or tag",
        read=ref,
        default="main",
        doc="the branch or tag to push; --ref overrides it",
    ),
    Key(
        name="stages",
        takes="a list of recipes, with one at least",
        read=_array,
        required=True,
        doc='the recipes that a push runs, in order: "NAME", or a table (a stage as a table)',
    ),
    _TIMEOUT,
    _IDLE_TIMEOUT,
    Key(
        name="on_failure",
        takes='"halt" or "rollback"',
        read=_choice("halt", "rollback"),
        default="halt",
        doc="what happens if a stage fails after the new release went live",
    ),
    Key(
        name="batch",
        takes='a whole number from 1 on, or a share such as "25%"',
        read=share,
        default="100%",
        doc="how many of REMOTE_HOSTS a push works on at a time",
    ),
    Key(
        name="max_failures",
        takes="a whole number from 0 on",
        read=_count,
        default=0,
        doc="how many hosts may fail; if more fail, the push fails",
    ),
    _SETTINGS,
    Key(
        name="flags",
        takes="a table",
        read=_table,
        default={},
        doc="a table [deployments.NAME.flags.FLAG] for each flag, which --flag sets for one push",
    ),
)
STAGE = (
    Key(
        name="recipe",
        takes="the name of a recipe",
        read=one_line,
        required=True,
        doc="the recipe that the stage runs",
    ),
    Key(
        name="name",
        takes="a name in one line, without / and not beginning with a dot",
        read=_stage_name,
        doc="the name of the stage; the name of the recipe if there is no such key",
    ),
    Key(
        name="timeout", takes=_DURATION, read=_duration, doc="as in the deployment, for this stage"
    ),
    Key(
        name="idle_timeout",
        takes=_DURATION,
        read=_duration,
        doc="as in the deployment, for this stage",
    ),
)
FLAG = (
    Key(
        name="description",
        takes="text in one line",
        read=one_line,
        default=None,
        doc="what the flag does, for the people who push",
    ),
    Key(
        name="default",
        takes="true, false or text",
        read=_flag_default,
        default=False,
        doc="its value without --flag. A text makes it a flag that takes text",
    ),
)
SECRET = (
    Key(
        name="secret",
        takes="true",
        read=_true,
        required=True,
        doc="the value comes from the environment or from deploy/secrets.env",
    ),
)

SECTIONS = {
    "deploy/deployments.toml": DOCUMENT,
    "[deployments.NAME]": DEPLOYMENT,
    "a stage as a table": STAGE,
    "[deployments.NAME.flags.FLAG]": FLAG,
    "a secret setting": SECRET,
}


def names(keys: Iterable[Key]) -> list[str]:
    """Return the names of `keys`."""
    return [key.name for key in keys]
