"""Declare the indexes of a run of uv in its uv.toml, with how long it may use a cached answer.

uv asks an index that sends no cache headers for everything again in every run, so for each target.
Only an `[[index]]` of a uv.toml can say otherwise. Users and passwords stay in the environment.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from vendor_fetch.index.credentials import variable_prefix
from vendor_fetch.index.uv import Table, index_addresses

# The variables in uv's order: an earlier index wins.
_EXTRA_VARIABLES = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
_MAIN_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_OLD_SETTINGS = ("index-url", "extra-index-url")


def declared_indexes(
    settings: Table, environment: Mapping[str, str], project: Path, page_seconds: int
) -> tuple[Table, dict[str, str]]:
    """Return the settings and the environment of a run that may use pages of that age.

    With settings of uv that an `[[index]]` can't be combined with, return them as they are.
    """
    pip = settings.get("pip", {})
    if any(name in table for table in (settings, pip) for name in _OLD_SETTINGS) or "index" in pip:
        return settings, dict(environment)
    found = settings.get("index", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        return settings, dict(environment)
    given = list(_given(environment, project))
    has_main = any("default" in each for each in given)
    tables = [*given, *(each for each in found if not (has_main and each.get("default")))]
    rest = {
        name: value
        for name, value in environment.items()
        if name not in (*_EXTRA_VARIABLES, *_MAIN_VARIABLES)
    }
    declared = []
    for number, table in enumerate(tables, start=1):
        declared.append(_with_age(table, f"vendor-fetch-{number}", page_seconds, rest))
    return {**settings, **({"index": declared} if declared else {})}, rest


def _given(environment: Mapping[str, str], project: Path) -> Iterator[dict[str, Any]]:
    """Yield the indexes of the variables."""
    for variable in _EXTRA_VARIABLES:
        for word in environment.get(variable, "").split():
            name = re.match(r"([\w.-]+)=", word)
            table = {"name": name[1]} if name else {}
            yield {**table, "url": _absolute(word[name.end() if name else 0 :], project)}
    for variable in _MAIN_VARIABLES:
        for address in index_addresses(variable, environment)[:1]:
            yield {"url": _absolute(address, project), "default": True}
            return


def _absolute(address: str, project: Path) -> str:
    return address if urlsplit(address).scheme else str(project / Path(address).expanduser())


def _with_age(
    table: dict[str, Any], name: str, page_seconds: int, environment: dict[str, str]
) -> dict[str, Any]:
    """Return an index with the age, without user and password, which go into the environment."""
    url = table.get("url")
    if not isinstance(url, str) or table.get("format") == "flat":
        return table
    age = f"max-age={page_seconds}"
    # Of files, uv reads the metadata of wheels, and whole tarballs.
    cache_control = {"api": age, "files": age, **_table(table.get("cache-control"))}
    table = {**table, "cache-control": cache_control}
    parts = urlsplit(url)
    if parts.username is None:
        return table
    name = table.setdefault("name", name)
    prefix = variable_prefix(name)
    environment[f"{prefix}USERNAME"] = unquote(parts.username)
    if parts.password is not None:
        environment[f"{prefix}PASSWORD"] = unquote(parts.password)
    host = parts.netloc.rpartition("@")[2]
    return {**table, "url": parts._replace(netloc=host).geturl()}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
