"""uv: its program, and its settings that name an index."""

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import urlsplit

from bootstrapper.errors import InputError, WorkFailed
from vendor_fetch.index.setting import Setting, from_environment, location_exists, require_location

# https://docs.astral.sh/uv/reference/environment/
INDEX_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
)
_THE_ONE = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "index-url")
_PERMITTED = re.compile(
    r"UV_(NO_INDEX|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)|KEYRING_PROVIDER|CREDENTIALS_DIR"
    r"|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|CACHE_DIR|NO_CACHE|OFFLINE|LOCK_TIMEOUT|LINK_MODE"
    r"|HTTP_\w+|REQUEST_TIMEOUT|CONCURRENT_\w+|\w+_ENDPOINT_URL)"
)
# https://docs.astral.sh/uv/reference/settings/
_PLACE_KEYS = ("index", "index-url", "extra-index-url", "find-links", "no-index")
_KEYS = (
    *_PLACE_KEYS,
    "index-strategy",
    "keyring-provider",
    "allow-insecure-host",
    "native-tls",
    "system-certs",
    "offline",
    "no-cache",
    "cache-dir",
    "concurrent-downloads",
    "concurrent-builds",
    "concurrent-installs",
    "http-proxy",
    "https-proxy",
    "no-proxy",
)
_INDEX_KEYS = (
    "name",
    "url",
    "default",
    "explicit",
    "format",
    "authenticate",
    "ignore-error-codes",
    "cache-control",
    "publish-url",
)

Table = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class UvSettings:
    """The permitted settings of the files that uv would read; `files` are these, first wins."""

    settings: Table
    files: tuple[Path, ...]

    def text(self, *, places: bool, extra_build: Mapping[str, list[str]]) -> str:
        """A uv.toml with these settings; without `places` it names no index and no find-links.

        `extra_build` are requirements that the tarballs of these names are built with besides.
        """
        keys = [key for key in _KEYS if places or key not in _PLACE_KEYS]
        pip = _table(self.settings, "pip")
        extra = {"extra-build-dependencies": dict(extra_build)} if extra_build else {}
        lines = [
            *_lines(self.settings, keys),
            *_lines(extra, list(extra)),
            "[pip]",
            *_lines(pip, keys),
        ]
        return "".join(f"{line}\n" for line in lines)

    def named(self, said: str, written: Path) -> str:
        """What uv said of the file that was `written`, with the names of the user's files."""
        return said.replace(str(written), ", ".join(map(str, self.files)) or "no file")


def permitted_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables of uv that could change the lock."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith("UV_") or name in INDEX_VARIABLES or _PERMITTED.fullmatch(name)
    }


def uv_settings(project: Path, environ: Mapping[str, str] = os.environ) -> UvSettings:
    """The permitted settings for a project. Raises InputError for a file that is no TOML."""
    merged: dict[str, Any] = {"pip": {}}
    files = []
    for path in _files(project, environ):
        settings = _read(path)
        files.append(path)
        for into, table in ((merged, settings), (merged["pip"], _table(settings, "pip"))):
            for key in _KEYS:
                if key in table:
                    value = _absolute(key, table[key], path.parent)
                    if isinstance(into.get(key), list) and isinstance(value, list):
                        into[key] = [*into[key], *value]
                    else:
                        into.setdefault(key, value)
    return UvSettings(settings=merged, files=tuple(files))


def uv_is_configured(project: Path, environ: Mapping[str, str]) -> bool:
    """Whether anybody has told uv. Raises InputError for a place that can't be one."""
    if any(environ.get(name) for name in (*INDEX_VARIABLES, "UV_NO_INDEX")):
        for name in INDEX_VARIABLES:
            for address in index_addresses(name, environ):
                _look_at(name, address, from_environment(name, environ), project)
        return True
    for path in _files(project, environ):
        settings = _read(path)
        told = {**_table(settings, "pip"), **settings}
        if not told.keys().isdisjoint(_PLACE_KEYS):
            for key, address in _places(told):
                _look_at(
                    key, address, Setting(value=address, origin=f"{key} in {path}"), path.parent
                )
            return True
    return False


def index_addresses(name: str, environ: Mapping[str, str]) -> list[str]:
    """The addresses in a variable of uv; those of named indexes (NAME=https://…) without names."""
    value = environ.get(name, "")
    several = {
        "UV_FIND_LINKS": value.split(","),
        "UV_INDEX": value.split(),
        "UV_EXTRA_INDEX_URL": value.split(),
    }
    return [
        re.sub(r"^[\w.-]+=", "", each.strip())
        for each in several.get(name, [value])
        if each.strip()
    ]


def _look_at(name: str, address: str, setting: Setting, base: Path) -> None:
    # Another place that isn't there has no packages, to uv; without the one nothing works.
    (require_location if name in _THE_ONE else location_exists)(address, setting, base)


def _files(project: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """The files that uv would read: the project's, the user's and the system's."""
    if environ.get("UV_NO_CONFIG", "").lower() not in ("", "0", "false"):
        return
    if environ.get("UV_CONFIG_FILE"):
        yield project / environ["UV_CONFIG_FILE"]
        return
    for directory in (project, *project.parents):
        found = next(
            (
                path
                for path in (directory / "uv.toml", directory / "pyproject.toml")
                if path.is_file() and (path.name == "uv.toml" or _has_tool_uv(path))
            ),
            None,
        )
        if found:
            yield found
            break
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    yield from filter(
        Path.is_file, [Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"]
    )
    system = [
        Path(each) / "uv/uv.toml"
        for each in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
    ]
    yield from list(filter(Path.is_file, [*system, Path("/etc/uv/uv.toml")]))[:1]


def _has_tool_uv(path: Path) -> bool:
    try:
        return "uv" in _table(tomllib.loads(path.read_text(encoding="utf-8")), "tool")
    except (OSError, ValueError):
        return False  # a pyproject.toml above the project is none of our business


def _read(path: Path) -> Table:
    try:
        settings: Table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            str(path),
            f"uv's settings can't be read: {error}",
            "correct the file, then run the same command again",
        ) from None
    return settings if path.name != "pyproject.toml" else _table(_table(settings, "tool"), "uv")


# A value of another type than it should have is written as it is: uv says what is wrong with it.


def _table(settings: Table, name: str) -> Table:
    value = settings.get(name)
    return value if isinstance(value, dict) else {}


def _places(settings: Table) -> Iterator[tuple[str, str]]:
    """Key and address of each place."""
    for key in _PLACE_KEYS[:-1]:
        value = settings.get(key)
        for each in value if isinstance(value, list) else [value]:
            address = each.get("url") if isinstance(each, dict) else each
            if isinstance(address, str):
                yield key, address


def _absolute(key: str, value: Any, base: Path) -> Any:
    """The value with each path in it made absolute: uv reads a copy in another directory."""
    if isinstance(value, list):
        return [_absolute(key, each, base) for each in value]
    if isinstance(value, dict):
        return {
            name: _absolute(key if name == "url" else "", each, base)
            for name, each in value.items()
            if name in _INDEX_KEYS
        }
    if key in _PLACE_KEYS and isinstance(value, str) and not urlsplit(value).scheme:
        return str(base / Path(value).expanduser())
    return value


def _lines(table: Table, keys: list[str]) -> list[str]:
    return [f"{key} = {_toml(table[key])}" for key in keys if key in table]


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
        case str():
            # Of a basic string's escapes, TOML has these two and \uXXXX.
            return (
                '"'
                + re.sub(r'["\\\x00-\x1f\x7f]', lambda found: f"\\u{ord(found[0]):04x}", value)
                + '"'
            )
        case _:
            return str(value)


def find_uv() -> str:
    """The path of uv: that of its Python package, else the one on PATH. Raises WorkFailed."""
    try:
        from uv import find_uv_bin

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = which("uv")
    if not found:
        raise WorkFailed(
            "uv", "not found, and it is what asks the index", f"{sys.executable} -m pip install uv"
        )
    return found
