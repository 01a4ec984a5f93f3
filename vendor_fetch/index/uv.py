"""Find uv, and read the settings of uv that concern the index."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from bootstrapper.errors import InputError
from bootstrapper.next_step import edit
from vendor_fetch.index.setting import Setting, from_environment, location_exists, require_location
from vendor_fetch.missing_tool import MissingTool
from vendor_fetch.program import install_command, retry_command

# The first with extra-build-dependencies. setup.cfg asks for it, too.
OLDEST_UV = "0.8.5"

# https://docs.astral.sh/uv/reference/environment/
INDEX_VARIABLES = (
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
)
_MAIN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "index-url")
_PERMITTED = re.compile(
    r"UV_(NO_INDEX|INDEX_STRATEGY|INDEX_\w+_(USERNAME|PASSWORD)|KEYRING_PROVIDER|CREDENTIALS_DIR"
    r"|INSECURE_HOST|NATIVE_TLS|SYSTEM_CERTS|CACHE_DIR|NO_CACHE|OFFLINE|LOCK_TIMEOUT|LINK_MODE"
    r"|HTTP_\w+|REQUEST_TIMEOUT|CONCURRENT_\w+|\w+_ENDPOINT_URL)"
)
# https://docs.astral.sh/uv/reference/settings/
_INDEX_SETTINGS = ("index", "index-url", "extra-index-url", "find-links", "no-index")
_KEYS = (
    *_INDEX_SETTINGS,
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
_INDEX_TABLE_KEYS = (
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
_FINDING = Lock()


@dataclass(frozen=True, kw_only=True)
class UvSettings:
    """The permitted settings in the `files` that uv would read. The first file wins."""

    settings: Table
    files: tuple[Path, ...]

    @property
    def locations(self) -> list[str]:
        """The addresses and directories of the indexes and find-links."""
        tables = (self.settings, _table(self.settings, "pip"))
        return [address for table in tables for _, address in _locations(table)]

    @property
    def has_main_index(self) -> bool:
        """Whether the settings replace the index that uv knows itself."""
        tables = (self.settings, _table(self.settings, "pip"))
        return any(
            table.get("no-index")
            or "index-url" in table
            or any(isinstance(each, dict) and each.get("default") for each in _list(table, "index"))
            for table in tables
        )

    def uv_toml(self, *, with_index: bool, extra_build: Mapping[str, list[str]]) -> str:
        """Return the text of a uv.toml. Without `with_index` it names no index and no find-links.

        `extra_build` are additional build requirements by the name of the tarball's package.
        """
        keys = [key for key in _KEYS if with_index or key not in _INDEX_SETTINGS]
        pip = _table(self.settings, "pip")
        extra = {"extra-build-dependencies": dict(extra_build)} if extra_build else {}
        lines = [
            *_lines(self.settings, keys),
            *_lines(extra, list(extra)),
            "[pip]",
            *_lines(pip, keys),
        ]
        return "".join(f"{line}\n" for line in lines)

    def with_user_files(self, output: str, uv_toml: Path) -> str:
        """Return uv's output with the user's files named in place of the `uv_toml` made of them."""
        return output.replace(str(uv_toml), ", ".join(map(str, self.files)) or "no file")


def permitted_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variables of uv that could change the lock.

    With COLUMNS, uv would break the lines of its messages, whose facts we read.
    """
    return {
        name: value
        for name, value in environ.items()
        if name != "COLUMNS"
        and (not name.startswith("UV_") or name in INDEX_VARIABLES or _PERMITTED.fullmatch(name))
    }


def uv_settings(project: Path, environ: Mapping[str, str] = os.environ) -> UvSettings:
    """Return the permitted settings for a project. Raise InputError for a file that is not TOML."""
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
    """Return whether uv is configured for an index. Raise InputError for an impossible one."""
    if any(environ.get(name) for name in (*INDEX_VARIABLES, "UV_NO_INDEX")):
        for name in INDEX_VARIABLES:
            for address in index_addresses(name, environ):
                _check_location(name, address, from_environment(name, environ), project)
        return True
    for path in _files(project, environ):
        settings = _read(path)
        merged = {**_table(settings, "pip"), **settings}
        if not merged.keys().isdisjoint(_INDEX_SETTINGS):
            for key, address in _locations(merged):
                setting = Setting(value=address, name=key, file=path)
                _check_location(key, address, setting, path.parent)
            return True
    return False


def index_addresses(name: str, environ: Mapping[str, str]) -> list[str]:
    """Return the addresses in a variable of uv, without the names of NAME=https://…"""
    value = environ.get(name, "")
    lists = {
        "UV_FIND_LINKS": value.split(","),
        "UV_INDEX": value.split(),
        "UV_EXTRA_INDEX_URL": value.split(),
    }
    return [
        re.sub(r"^[\w.-]+=", "", each.strip()) for each in lists.get(name, [value]) if each.strip()
    ]


def _check_location(name: str, address: str, setting: Setting, base: Path) -> None:
    # uv ignores a missing directory unless it is the main index.
    (require_location if name in _MAIN_INDEX else location_exists)(address, setting, base)


def _files(project: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that uv would read: the project's, the user's and the system's."""
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
        return False  # a broken pyproject.toml above the project does not concern us


def _read(path: Path) -> Table:
    try:
        settings: Table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            str(path),
            f"uv's settings can't be read: {error}",
            edit(path, f"correct it, then: {retry_command()}"),
        ) from None
    return settings if path.name != "pyproject.toml" else _table(_table(settings, "tool"), "uv")


# These functions pass on values of a wrong type: uv reports what is wrong with them.


def _table(settings: Table, name: str) -> Table:
    value = settings.get(name)
    return value if isinstance(value, dict) else {}


def _list(settings: Table, name: str) -> list[Any]:
    value = settings.get(name)
    return value if isinstance(value, list) else []


def _locations(settings: Table) -> Iterator[tuple[str, str]]:
    """Yield the key and the address of each index and each find-links."""
    for key in _INDEX_SETTINGS[:-1]:
        value = settings.get(key)
        for each in value if isinstance(value, list) else [value]:
            address = each.get("url") if isinstance(each, dict) else each
            if isinstance(address, str):
                yield key, address


def _absolute(key: str, value: Any, base: Path) -> Any:
    """Return the value with absolute paths: uv reads a copy in another directory."""
    if isinstance(value, list):
        return [_absolute(key, each, base) for each in value]
    if isinstance(value, dict):
        return {
            name: _absolute(key if name == "url" else "", each, base)
            for name, each in value.items()
            if name in _INDEX_TABLE_KEYS
        }
    if key in _INDEX_SETTINGS and isinstance(value, str) and not urlsplit(value).scheme:
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
            # \uXXXX is an escape that every basic string of TOML may have.
            return (
                '"'
                + re.sub(r'["\\\x00-\x1f\x7f]', lambda found: f"\\u{ord(found[0]):04x}", value)
                + '"'
            )
        case _:
            return str(value)


def find_uv() -> str:
    """Return the path of uv: that of its Python package, else the one on PATH. Raise WorkFailed."""
    try:
        from uv import find_uv_bin

        # Its first call fills sysconfig's variables, which two threads can't do at once.
        with _FINDING:
            return find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = which("uv")
    if not found:
        raise MissingTool(
            "uv", "not found; it resolves the requirements", install_command(f"uv>={OLDEST_UV}")
        )
    return found
