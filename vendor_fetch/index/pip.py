"""Read the user's settings of pip from its files and the environment."""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.next_step import edit
from vendor_fetch.index.setting import Setting, from_environment
from vendor_fetch.program import retry_command

# The options about the index and how to reach it. All others (pre, constraint, no-binary, target,
# user, …) would change what is installed.
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
    """Return an environment that gives pip the permitted options of the user and no others.

    Raise InputError for a configuration file that cannot be parsed.
    """
    settings = pip_settings(environ)
    return {
        **{name: value for name, value in environ.items() if not name.startswith("PIP_")},
        "PIP_CONFIG_FILE": os.devnull,
        **{
            f"PIP_{name.upper().replace('-', '_')}": " ".join(settings[name].value.split())
            for name in PERMITTED
            if name in settings
        },
    }


def pip_settings(environ: Mapping[str, str]) -> dict[str, Setting]:
    """Return pip's options by their long names. Later files, and then variables, win as in pip.

    https://pip.pypa.io/en/stable/topics/configuration/
    Raise InputError for a configuration file that cannot be parsed.
    """
    settings: dict[str, Setting] = {}
    for path in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise InputError(
                str(path),
                " ".join(str(error).split()),
                edit(path, f"correct it, then: {retry_command()}"),
            ) from None
        for section in ("global", "download", "install"):
            if parser.has_section(section):
                settings.update(
                    (
                        key.replace("_", "-"),
                        Setting(value=value.strip(), name=key, file=path),
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
    config_file = environ.get("PIP_CONFIG_FILE")
    if config_file == os.devnull:
        return
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    for directory in reversed((environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")):
        yield Path(directory) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix) / "pip.conf"
    if config_file:
        yield Path(config_file)
