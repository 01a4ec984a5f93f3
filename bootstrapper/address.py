"""Keep passwords in addresses out of messages and files.

The user of a web address may be a token, so it counts as a password. The user of ssh is a part of
the address.
"""

import re

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
_WITHOUT_SCHEME = re.compile(r"[^/@\s]*:[^\s]*@[^/@\s]+[/:]")
# What follows the // of an address in a text, up to the next address of a list.
_PLACE = re.compile(r"//(?P<rest>(?:(?!(?<=[,;|\"'(])[A-Za-z][A-Za-z0-9+.-]*://)\S)*)")
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.%]+\])(?::[0-9]*)?")
# What looks like a host and a path behind an @ in a path: the password had a slash.
_LATER_HOST = re.compile(r".*@(?=[\w.-]+\.[A-Za-z]{2,}(?::[0-9]+)?(?:/|$))", re.DOTALL)


def has_password(address: str) -> bool:
    """Return whether an address has a password in it, or a name that can be a token."""
    match = _ADDRESS.fullmatch(address)
    if not match:
        return _WITHOUT_SCHEME.match(address) is not None
    login = _login(match["rest"])
    return bool(login) and (_is_web(match["scheme"]) or ":" in login)


def without_password(address: str) -> str:
    """Return one address without a password; of a web address, without the user as well."""
    match = _ADDRESS.fullmatch(address)
    login = _login(match["rest"]) if match else ""
    if not match or not login:
        return address
    user = "" if _is_web(match["scheme"]) else f"{login.removesuffix('@').partition(':')[0]}@"
    return f"{match['scheme']}://{user.removeprefix('@')}{match['rest'][len(login) :]}"


def without_passwords(text: str) -> str:
    """Return a text with the user and the password of each address replaced by an ellipsis.

    The user git stays, whom every host of repositories has.
    """
    return _PLACE.sub(lambda match: "//" + _hidden(match["rest"]), text)


def _hidden(rest: str) -> str:
    login = _login(rest)
    if login in ("", "git@"):
        return login + without_passwords(rest[len(login) :])
    if ":" in login and (later := _LATER_HOST.match(rest)):
        login = later[0]
    return f"…@{without_passwords(rest[len(login) :])}"


def _login(rest: str) -> str:
    """Return the login at the beginning of what follows `//`, with its @; empty without one.

    It ends at the last @ of the host. A password may have an unquoted @, or a slash: what stands
    before the slash is no host then.
    """
    authority = rest.partition("/")[0]
    login, at, host = authority.rpartition("@")
    if not authority or _HOST.fullmatch(host) or "@" not in rest:
        return login + at
    return rest[: rest.rindex("@") + 1]


def _is_web(scheme: str) -> bool:
    return scheme.lower().rpartition("+")[2] in ("http", "https", "ftp", "ftps")
