"""A setting that says where packages come from, and who said so: nonsense is told with both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bootstrapper.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A `value` and its `origin`, as messages name it: "index-url in /etc/pip.conf"."""

    value: str
    origin: str

    def nonsense(self, fault: str) -> InputError:
        """The error that names the setting; a password in it is not shown."""
        shown = re.sub(r"//[^/@\s]*@", "//…@", self.value)
        return InputError(
            self.origin, f"{shown!r} {fault}", "mend that setting, then run the same command again"
        )


def from_environment(name: str, environ: Mapping[str, str]) -> Setting:
    """The setting of a variable; empty if it isn't set."""
    return Setting(value=environ.get(name, "").strip(), origin=f"{name} in the environment")


def location_exists(address: str, setting: Setting, base: Path) -> bool:
    """Whether an index or a directory of files can be asked; relative paths start at `base`.

    False for an absolute path where nothing is: a configuration may be shared by machines.
    Raises InputError for what is no address and no path.
    """
    no_address = setting.nonsense("is no address like https://index.example.org/simple")
    try:
        parts = urlsplit(address)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise no_address from None
    if parts.scheme in ("http", "https") and has_host:
        return True
    if parts.scheme not in ("", "file"):
        raise no_address
    path = Path(unquote(parts.path) if parts.scheme else address).expanduser()
    if not path.is_absolute() and not (base / path).exists():
        raise setting.nonsense(
            "is neither an address like https://index.example.org/simple "
            "nor a directory that is there"
        )
    return (base / path).exists()


def require_location(address: str, setting: Setting, base: Path) -> None:
    """The same for the one index, without which nothing works. Raises InputError."""
    if not location_exists(address, setting, base):
        raise setting.nonsense("is a directory that is not there")
