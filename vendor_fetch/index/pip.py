"""The user's pip settings, from pip's files and the environment."""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bootstrapper.errors import InputError
from vendor_fetch.index.setting import Setting, from_environment

# The options that say where files come from and how they are reached. All others (pre,
# constraint, no-binary, target, user, …) would change what is installed.
PERMITTED = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "cert",
    "client-cert",
    "proxy",
    "trusted-host",
    "timeout",
    "retries",
    "cache-dir",
    "no-cache-dir",
    "keyring-provider",
)


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment in which pip has the permitted options of the user, and no others.

    Raises InputError for a file that pip could not read either.
    """
    told = pip_settings(environ)
    return {
        **{name: value for name, value in environ.items() if not name.startswith("PIP_")},
        "PIP_CONFIG_FILE": os.devnull,
        **{
            f"PIP_{name.upper().replace('-', '_')}": " ".join(told[name].value.split())
            for name in PERMITTED
            if name in told
        },
    }


def pip_settings(environ: Mapping[str, str]) -> dict[str, Setting]:
    """pip's options by their long names, as pip finds them, later ones winning.

    https://pip.pypa.io/en/stable/topics/configuration/
    Raises InputError for a file that pip could not read either.
    """
    settings: dict[str, Setting] = {}
    for place in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(place, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise InputError(
                str(place),
                " ".join(str(error).split()),
                "mend the file, then run the same command again",
            ) from None
        for section in ("global", "download", "install"):
            if parser.has_section(section):
                settings.update(
                    (
                        key.replace("_", "-"),
                        Setting(value=value.strip(), origin=f"{key} in {place}"),
                    )
                    for key, value in parser.items(section)
                    if value.strip()
                )
    settings.update(
        (name.removeprefix("PIP_").lower().replace("_", "-"), from_environment(name, environ))
        for name, value in environ.items()
        if name.startswith("PIP_") and value.strip()
    )
    return settings


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    for directory in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
        yield Path(directory) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if named:
        yield Path(named)
