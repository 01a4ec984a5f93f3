"""What the user has told uv about where packages come from.

uv reads that itself; we look whether there is any, and whether uv would take nonsense for an
index: a word that is no address is a directory to it, and one that isn't there has no packages.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vendor_fetch.setting import Setting, from_environment, is_there, must_be_there

# https://docs.astral.sh/uv/reference/environment/
PLACES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
VARIABLES = (*PLACES, "UV_NO_INDEX", "UV_CONFIG_FILE")
_THE_ONE = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "index-url")
_KEYS = ("index", "index-url", "extra-index-url", "find-links", "no-index")


def uv_is_configured(project: Path, environ: Mapping[str, str]) -> bool:
    """Whether anybody has told uv. Raises InputError for a place that can't be one."""
    if any(environ.get(name) for name in VARIABLES):
        for name in PLACES:
            for address in addresses(name, environ):
                _look_at(name, address, from_environment(name, environ), project)
        return True
    for path in _files(project, environ):
        try:
            settings: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # uv itself says so
        if path.name == "pyproject.toml":
            settings = _table(_table(settings, "tool"), "uv")
        told = {**_table(settings, "pip"), **settings}
        if not told.keys().isdisjoint(_KEYS):
            for key, address in _places(told):
                _look_at(key, address, Setting(value=address, origin=f"{key} in {path}"),
                         path.parent)
            return True
    return False


def _look_at(name: str, address: str, setting: Setting, base: Path) -> None:
    # Another place that isn't there has no packages, to uv; without the one nothing works.
    (must_be_there if name in _THE_ONE else is_there)(address, setting, base)


def addresses(name: str, environ: Mapping[str, str]) -> list[str]:
    """The addresses in a variable of uv; those of named indexes (NAME=https://…) without names."""
    value = environ.get(name, "")
    several = {"UV_FIND_LINKS": value.split(","), "UV_INDEX": value.split(),
               "UV_EXTRA_INDEX_URL": value.split()}
    return [re.sub(r"^[\w.-]+=", "", each.strip())
            for each in several.get(name, [value]) if each.strip()]


def _files(project: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for directory in (project, *project.parents):
        yield directory / "uv.toml"
        yield directory / "pyproject.toml"
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml"
    yield Path("/etc/uv/uv.toml")


# What has another type than it should is for uv to complain about.


def _table(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = settings.get(name)
    return value if isinstance(value, dict) else {}


def _places(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key and address of each place."""
    for key in _KEYS[:-1]:
        value = settings.get(key)
        for each in value if isinstance(value, list) else [value]:
            address = each.get("url") if isinstance(each, dict) else each
            if isinstance(address, str):
                yield key, address
