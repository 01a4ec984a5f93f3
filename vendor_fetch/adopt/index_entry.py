"""Account for the lines that name an index, or a page or directory with files."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from bootstrapper.address import without_passwords
from bootstrapper.quoting import quoted
from vendor_fetch.adopt.entry import Entry

_LINE = re.compile(
    r"(?P<option>-i|--index-url|--extra-index-url|-f|--find-links|--trusted-host)[\s=]\s*"
    r"(?P<address>\S+)"
)
_SHORT = {"-i": "index-url", "-f": "find-links"}
_DEFAULT_HOST = {"pypi", "python", "org"}


def index_of_line(place: str, shown: str, text: str) -> Entry | None:
    """Return the entry of a line of pip's options about indexes; None for another line.

    `shown` is the text of the line in the table.
    """
    if not (match := _LINE.fullmatch(text)):
        return None
    option = match["option"]
    return index_entry(place, shown, match["address"], _SHORT.get(option, option.lstrip("-")))


def index_entry(place: str, text: str, address: str, option: str) -> Entry:
    """Return the entry of an index, for which pip has an `option`."""
    is_named = not address and text.lower() == "pypi"
    if option.endswith("index-url") and (is_named or _is_default(address)):
        return Entry(place=place, text=text, change="pip and uv have this index as the default")
    return Entry(
        place=place,
        text=text,
        index=(option, address),
        refusal="the configuration of pip or uv says where packages come from",
    )


def source_entries(place: str, sources: object) -> Iterator[Entry]:
    """Yield the entries of tables with the name and the `url` of an index.

    The first one is the default index, unless another one or none is.
    """
    tables = sources if isinstance(sources, list) else []
    for at, table in enumerate(each for each in tables if isinstance(each, Mapping)):
        text, address = str(table.get("name", "")), str(table.get("url", ""))
        is_main = at == 0 if "default" not in table else bool(table["default"])
        option = "index-url" if is_main else "extra-index-url"
        yield index_entry(place, text or without_passwords(address), address, option)


def with_commands(entries: Iterable[Entry], root: Path) -> list[Entry]:
    """Return the entries; those of indexes have the command that configures all of an option.

    A second command for the same option would replace what the first one has set.
    """
    entries = list(entries)
    addresses: dict[str, dict[str, None]] = {}
    for option, address in (each.index for each in entries if each.index):
        addresses.setdefault(option, {})[without_passwords(address)] = None
    return [
        replace(each, refusal=f"{each.refusal}: {_command(each.index[0], addresses, root)}")
        if each.index
        else each
        for each in entries
    ]


def _command(option: str, addresses: Mapping[str, Iterable[str]], root: Path) -> str:
    # A directory of the project has a relative path, and the configuration is for every directory.
    folders = [each for each in addresses[option] if "://" not in each and (root / each).is_dir()]
    others = [each for each in addresses[option] if each not in folders]
    names = dict.fromkeys(os.path.normpath(each) for each in folders)
    words = [f'"$PWD"/{quoted(each)}' for each in names]
    words += [quoted(" ".join(others))] if others else []
    fill_in = "  # … is the user and the password" if any("…" in each for each in others) else ""
    value = "' '".join(words)
    return f"pip config set global.{option} {value}{fill_in}"


def _is_default(address: str) -> bool:
    """Return whether an address is the one of the public index, by its present or its old name."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    host = (parts.hostname or "").split(".")
    return host[0] == "pypi" and {*host} <= _DEFAULT_HOST and parts.path.strip("/") == "simple"
