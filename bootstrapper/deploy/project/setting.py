"""A setting: a name that may be an environment variable, and a value that may be its text.

In deployments.toml a value is text, a number, true or false (`1` or empty), a list (words, joined
by spaces in the environment), or `{ secret = true }`.
"""

import re
from datetime import date, time

from bootstrapper.deploy import output_limit
from bootstrapper.deploy.project.fault import suggestion
from bootstrapper.deploy.project.recipe import VARIABLE
from bootstrapper.deploy.project.schema import SECRET, Wrong, names

Value = str | tuple[str, ...]

# What every stage gets besides its settings, so that no setting may have these names.
ENGINE = frozenset({
    "CHECKOUT_DIR", "DEPLOYMENT", "DEPLOYMENT_ID", "ROLF_PUSH_ID", "PUSH_COMMENT", "PUSH_UNI",
    "PUSH_REF", "PUSH_COMMIT", "RELEASE", "ROLLBACK_URL", "ROLF_OUTPUT",
})
PROCESS = frozenset({"PATH", "HOME", "USER", "LANG", "TZ", "SSH_AUTH_SOCK"})

# The engine itself uses these and shows them, so that they can't be secret.
SHOWN = frozenset({"REMOTE_HOST", "REMOTE_HOSTS", "REMOTE_DIRECTORY", "SSH_CONFIG",
                   "OUTPUT_LIMIT"})

# git hands the address of a repository, a password in it included, to programs in their command
# line, where ps shows it (transport-helper.c).
ADDRESS = "REPOSITORY"
CREDENTIALS = "leave the password to git itself (git help credentials), or push by ssh"

_PASSWORD = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]+(?=@)")  # user:password (RFC 3986, userinfo)

# MAX_ARG_STRLEN of execve(2): the longest NAME=value that Linux hands to a process.
_LONGEST = 131072 - 1


def check_name(name: str, kind: str = "setting") -> None:
    """Raise Wrong if no environment variable can have that name, or the engine sets it itself."""
    if not VARIABLE.fullmatch(name):
        better = re.sub(r"\W", "_", name, flags=re.ASCII)
        hint = f'; did you mean "{better}"?' if VARIABLE.fullmatch(better) else ""
        raise Wrong(f'"{name}" can\'t be the name of an environment variable, so no {kind} '
                    f"may have it{hint}")
    if name in ENGINE | PROCESS:
        raise Wrong(f"{name} is set by each push itself, so no {kind} may have that name")


def is_secret(value: object) -> bool:
    """Whether a value of deployments.toml is a secret's table. Raises Wrong if it is none right."""
    if not isinstance(value, dict):
        return False
    for key in value:
        if key not in names(SECRET):
            raise Wrong(f'"{key}" is no key of a secret setting, which is written '
                        f"{{ secret = true }}{suggestion(key, names(SECRET))}")
    if value.get("secret") is not True:
        raise Wrong("a secret setting is written { secret = true }; its value comes from the "
                    "environment or deploy/secrets.env")
    return True


def parse(name: str, value: object) -> Value:
    """The value as stages get it. Raises Wrong."""
    parsed = _parse(value)
    if name == "REMOTE_HOSTS":
        if not isinstance(parsed, tuple) or not parsed:
            meant = "" if isinstance(parsed, tuple) or not parsed else (
                "; did you mean [" + ", ".join(f'"{host}"' for host in parsed.split()) + "]?")
            raise Wrong(f"REMOTE_HOSTS takes a list of hosts, with one at least{meant}")
        if len(set(parsed)) < len(parsed):
            raise Wrong(f"REMOTE_HOSTS names {_repeated(parsed)} twice")
    if name in ("REMOTE_HOST", "REMOTE_HOSTS"):
        for host in parsed if isinstance(parsed, tuple) else [parsed]:
            check_host(host)
    if name == ADDRESS:
        check_address(environment(parsed))
    if name == output_limit.SETTING:
        try:
            output_limit.check(parsed)
        except ValueError as error:
            raise Wrong(str(error)) from None
    return parsed


def environment(value: Value) -> str:
    """The text of the environment variable."""
    return value if isinstance(value, str) else " ".join(value)


def check_text(text: str) -> None:
    """Raise Wrong if no environment variable can hold that text."""
    if "\0" in text:
        raise Wrong("it holds a NUL, which no environment variable can")
    if len(text.encode("utf-8", "surrogateescape")) > _LONGEST - 256:
        raise Wrong("it is longer than 128 KiB, which is all that an environment variable holds")


def check_host(host: str) -> None:
    """Raise Wrong if ssh would not take it for a host."""
    if host.startswith("-") or re.search(r"[\s'\"\\]", host):
        raise Wrong(f'"{host}" is no host; it is written user@host, or "." for this machine')


def check_address(address: str) -> None:
    """Raise Wrong if an address of a repository would show a password, or be an option of git."""
    if address.startswith("-"):
        raise Wrong(f'"{address}" is no address of a repository: git would take it for an option')
    if password := _PASSWORD.search(address):
        hidden = address.replace(password[0], "…", 1)
        raise Wrong(f"{hidden} has a password in it, which every push would show: {CREDENTIALS}")


def _parse(value: object) -> Value:
    match value:
        case bool():
            return "1" if value else ""
        case int() | float():
            return str(value)
        case str():
            check_text(value)
            return value
        case list():
            words = []
            for each in value:
                if isinstance(each, bool) or not isinstance(each, str | int | float):
                    raise Wrong("a list in a setting holds text or numbers, nothing else")
                words.append(str(each))
            check_text(" ".join(words))
            return tuple(words)
        case date() | time():
            raise Wrong("a date or time is written as text, in quotes")
        case _:
            raise Wrong("a setting takes text, a number, true, false, a list, or "
                        "{ secret = true }")


def _repeated(words: tuple[str, ...]) -> str:
    return next(word for word in words if words.count(word) > 1)
