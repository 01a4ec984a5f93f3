"""A setting: a name that may be an environment variable, and a value that may be its text.

In deployments.toml a value is text, a number, true or false (`1` or empty), a list (words, joined
by spaces in the environment), or `{ secret = true }`.
"""

import re
from datetime import date, time

from bootstrapper.deploy.definition.schema import SECRET, InvalidValue, names
from bootstrapper.deploy.events import output_limit
from bootstrapper.spelling import did_you_mean

Value = str | tuple[str, ...]

# The variables that the engine sets for each stage. No setting may have one of these names.
# docs/reference.md prints this table and the two below it.
ENGINE_VARIABLES = {
    "CHECKOUT_DIR": "the push's own directory on the deploying machine; also the working directory",
    "DEPLOYMENT": "the name of the deployment",
    "DEPLOYMENT_ID": "the number of the deployment in Rolf; on the command line its name",
    "ROLF_PUSH_ID": "the number of the push",
    "PUSH_COMMENT": "the comment of the push",
    "PUSH_UNI": "the login of the user who pushes",
    "PUSH_REF": "the branch, tag or commit that the user asked for",
    "PUSH_COMMIT": "the commit that is pushed; empty until a stage or git has named it",
    "RELEASE": "the number of the release that the push makes live: its own number, or in a fast "
    "rollback the number of the old release",
    "ROLLBACK_URL": "the tag to return to; empty unless the push is a rollback",
    "ROLF_OUTPUT": "the file for lines `NAME=value`, which become variables of later stages",
}
ENGINE = frozenset(ENGINE_VARIABLES)

# The variables that a stage inherits from the deploying process, if it has them.
PROCESS_VARIABLES = {
    "PATH": "begins with the directory of the push's own `ssh`, `scp` and `sftp`",
    "HOME": "as in the deploying process",
    "USER": "as in the deploying process",
    "LANG": "as in the deploying process",
    "TZ": "as in the deploying process",
    "SSH_AUTH_SOCK": "the socket of the user's ssh agent",
}
PROCESS = frozenset(PROCESS_VARIABLES)

# git hands the address of a repository, a password in it included, to programs in their command
# line, where ps shows it (transport-helper.c).
ADDRESS = "REPOSITORY"

# The settings that the engine itself reads. It shows them, so they cannot be secret.
ENGINE_SETTINGS = {
    ADDRESS: "the address of the repository: ssh, https, http, git, file, or a path. It holds no "
    "password",
    "REMOTE_HOST": "the host to deploy to: `user@host`, or a `Host` of the ssh configuration; `.` "
    "is this machine. A port or an IPv6 address belongs into the ssh configuration",
    "REMOTE_HOSTS": "several hosts, as a list. Stages get them joined by spaces, and one of them "
    "as `REMOTE_HOST`",
    "REMOTE_DIRECTORY": "the directory on the host, as an absolute path. It holds the releases, "
    "the history and the lock of the host; without it there is only the lock "
    "of the deploying machine",
    "SSH_CONFIG": "a configuration file for ssh, relative to the project. Every ssh, git and rsync "
    "of the push uses it, as `ssh -F` does. Default: the user's own configuration",
    "OUTPUT_LIMIT": "how much output the log of a push keeps. The first three quarters are for the "
    "beginning; after that the log keeps the end of each stage's output, up to "
    f"1 MB, and says how much it left out. Default: `{output_limit.DEFAULT}`; at "
    "least `1 MB`",
}
SHOWN = frozenset(ENGINE_SETTINGS) - {ADDRESS}

CREDENTIALS = "leave the password to git itself (git help credentials), or push by ssh"

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)")
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")  # git-remote-helpers(7): ext::COMMAND
_ALMOST_WEB = re.compile(r"https?:(?!//[^/])", re.IGNORECASE)
_PORT = re.compile(r"[^:@\[\]]*(?::[0-9]*)?|\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")  # host, perhaps a port
_PLAIN = re.compile(r"[\w.~/:\[\]-]*")  # of an address, what an error may show

# svn and svn+ssh are for svn-export; git itself is kept to the others by GIT_ALLOW_PROTOCOL.
_SCHEMES = ("ssh", "https", "http", "git", "file", "svn", "svn+ssh")

# A user's name may hold an @, as those of a directory service do; neither begins with a hyphen.
_HOST = re.compile(r"(?:[\w.+%~][\w.+%~@-]*@)?[\w][\w.-]*")

# MAX_ARG_STRLEN of execve(2): the longest NAME=value that Linux hands to a process.
_LONGEST = 131072 - 1


def check_name(name: str, kind: str = "setting") -> None:
    """Raise InvalidValue if no environment variable can have that name, or the engine sets it itself."""
    if not VARIABLE.fullmatch(name):
        better = re.sub(r"\W", "_", name, flags=re.ASCII)
        hint = f'; did you mean "{better}"?' if VARIABLE.fullmatch(better) else ""
        raise InvalidValue(
            f'"{name}" can\'t be the name of an environment variable, so no {kind} '
            f"may have it{hint}"
        )
    if name in ENGINE | PROCESS:
        raise InvalidValue(f"{name} is set by each push itself, so no {kind} may have that name")


def is_secret(value: object) -> bool:
    """Return whether a value is a secret's table. Raise InvalidValue if the table is invalid."""
    if not isinstance(value, dict):
        return False
    for key in value:
        if key not in names(SECRET):
            raise InvalidValue(
                f'"{key}" is no key of a secret setting, which is written '
                f"{{ secret = true }}{did_you_mean(key, names(SECRET))}"
            )
    if value.get("secret") is not True:
        raise InvalidValue(
            "a secret setting is written { secret = true }; its value comes from the "
            "environment or deploy/secrets.env"
        )
    return True


def parse(name: str, value: object) -> Value:
    """Return the value as stages get it. Raise InvalidValue."""
    parsed = _parse(value)
    if name == "REMOTE_HOSTS":
        if not isinstance(parsed, tuple) or not parsed:
            meant = (
                ""
                if isinstance(parsed, tuple) or not parsed
                else ("; did you mean [" + ", ".join(f'"{host}"' for host in parsed.split()) + "]?")
            )
            raise InvalidValue(f"REMOTE_HOSTS takes a list of hosts, with one at least{meant}")
        if len(set(parsed)) < len(parsed):
            raise InvalidValue(f"REMOTE_HOSTS names {_repeated(parsed)} twice")
    if name == "SHARED_PATHS" and isinstance(parsed, tuple):
        for path in parsed:
            if path.split() != [path]:
                raise InvalidValue(f'SHARED_PATHS takes paths without spaces, not "{path}"')
    if name in ("REMOTE_HOST", "REMOTE_HOSTS"):
        for host in parsed if isinstance(parsed, tuple) else [parsed]:
            if host or name == "REMOTE_HOSTS":  # a recipe that needs it says that it is empty
                check_host(host)
    if name == ADDRESS:
        check_address(environment(parsed))
    if name == output_limit.SETTING:
        try:
            output_limit.check(parsed)
        except ValueError as error:
            raise InvalidValue(str(error)) from None
    return parsed


def environment(value: Value) -> str:
    """Return the text of the environment variable."""
    return value if isinstance(value, str) else " ".join(value)


def check_text(text: str) -> None:
    """Raise InvalidValue if no environment variable can hold that text."""
    if "\0" in text:
        raise InvalidValue("it holds a NUL, which no environment variable can")
    if len(text.encode("utf-8", "surrogateescape")) > _LONGEST - 256:
        raise InvalidValue(
            "it is longer than 128 KiB, which is all that an environment variable holds"
        )


def check_host(host: str) -> None:
    """Raise InvalidValue unless ssh, rsync and a shell all take it for the same host.

    rsync takes what follows a colon for a path, so neither a port nor an IPv6 address is part of
    a host's name: ssh's configuration has a place for both.
    """
    if host == "." or _HOST.fullmatch(host):
        return
    text = f'"{host}" is no host; it is written user@host, or "." for this machine'
    user, at, rest = host.removeprefix("ssh://").removesuffix("/").rpartition("@")
    name, _, port = rest.partition(":")
    place = "in ~/.ssh/config, or in the file that SSH_CONFIG names"
    if rest.startswith("[") or ":" in port:
        address = rest.removeprefix("[").partition("]")[0]
        text += f'; give an IPv6 address a name, {place}: "Host NAME", "HostName {address}"'
    elif _HOST.fullmatch(f"{user}{at}{name}") and port.isdecimal():
        text += f'; write "{user}{at}{name}", and {place}: "Host {name}", "Port {port}"'
    elif _HOST.fullmatch(f"{user}{at}{name}") and not port:
        text += f'; write "{user}{at}{name}"'
    raise InvalidValue(text)


def check_address(address: str) -> None:
    """Raise InvalidValue unless `address` is one of a repository that shows no secret and runs nothing.

    A name in front of an http(s) host may be a token (https://TOKEN@host/x.git), so it is refused
    as a password is. For ssh a name is the login.
    """
    if address.startswith("-"):
        raise InvalidValue(
            f'"{address}" is no address of a repository: git would take it for an option'
        )
    if re.search(r"[\x00-\x1f\x7f]", address) or address != address.strip():
        raise InvalidValue(
            "an address of a repository has neither control characters, nor spaces around"
        )
    if _HELPER.match(address):
        raise InvalidValue(
            f'"{address.partition("::")[0]}::" is no address of a repository, but a '
            f"program that git would run; use one of {', '.join(_SCHEMES[:5])}"
        )
    if _ALMOST_WEB.match(address):
        raise InvalidValue("an address of a repository on the web is written https://HOST/PATH")
    if found := _URL.fullmatch(address):
        host = _check_url(found["scheme"], found["rest"])
    else:
        host = _check_scp(address)
    if host.startswith("-"):
        raise InvalidValue(
            "an address of a repository names a host that ssh would take for an option"
        )


def _check_url(scheme: str, rest: str) -> str:
    """Return the login and host of a URL. Raise InvalidValue."""
    if scheme not in _SCHEMES:
        raise InvalidValue(
            f'a repository is not fetched by "{scheme}://"; use one of {", ".join(_SCHEMES[:5])}'
        )
    authority = rest.partition("/")[0]
    user, at, host = authority.rpartition("@")
    if scheme in ("http", "https"):
        user, at, shown = rest.rpartition("@")  # wherever it is: a password may hold a slash
        if at:
            raise _shows(
                f"{scheme}://…@", shown, "password" if ":" in user else "password or token"
            )
        if re.search(r"[?#;\\]", rest) or not _PORT.fullmatch(host):
            raise _shows(f"{scheme}://", "", "query or an odd port")
    elif ":" in user or not _PORT.fullmatch(host):
        raise _shows(f"{scheme}://…@", host if at else "", "password")
    return user or host


def _check_scp(address: str) -> str:
    """Return the login and host of user@host:path; empty for a path. Raise InvalidValue."""
    place, colon, path = address.partition(":")
    if not colon or "/" in place:
        return ""  # a colon after a slash is part of a path (git-clone(1), "Git URLs")
    if "@" not in place and "@" in path:
        raise _shows("…@", path.rpartition("@")[2], "password")
    login, at, host = place.rpartition("@")
    return host if host.startswith("-") else login if at else host


def _shows(before: str, rest: str, kind: str) -> InvalidValue:
    """Return the refusal of an address with a secret in it; `rest` is shown if it can't be part of one."""
    shown = before + (rest if _PLAIN.fullmatch(rest) else "…")
    return InvalidValue(f"{shown} has a {kind} in it, which every push would show: {CREDENTIALS}")


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
                    raise InvalidValue("a list in a setting holds text or numbers, nothing else")
                words.append(str(each))
            check_text(" ".join(words))
            return tuple(words)
        case date() | time():
            raise InvalidValue("a date or time is written as text, in quotes")
        case _:
            raise InvalidValue(
                "a setting takes text, a number, true, false, a list, or { secret = true }"
            )


def _repeated(words: tuple[str, ...]) -> str:
    return next(word for word in words if words.count(word) > 1)


VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
