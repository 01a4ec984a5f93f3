"""One setting of pip or uv: its value, and the file or variable that it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError
from bootstrapper.next_step import edit
from vendor_fetch.program import retry_command


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A `value` and where it comes from: a key in a file, or a variable of the environment."""

    value: str
    name: str
    file: Path | None = None

    def error(self, fault: str) -> InputError:
        """Return the error that names the setting. It shows no password."""
        change = f"correct {self.name}, then: {retry_command()}"
        # The address of a proxy may begin with the user.
        address = self.value if "//" in self.value else f"//{self.value}"
        shown = without_passwords(address)[len(address) - len(self.value) :]
        return InputError(
            f"{self.name} in {self.file or 'the environment'}",
            f"{shown!r} {fault}",
            edit(self.file, change) if self.file else f"printenv {self.name}  # {change}",
        )


def from_environment(name: str, environ: Mapping[str, str]) -> Setting:
    """Return the setting of a variable, with an empty value if the variable is not set."""
    return Setting(value=environ.get(name, "").strip(), name=name)


def location_exists(location: str, setting: Setting, base: Path) -> bool:
    """Return whether an index or a directory of files exists. Relative paths start at `base`.

    An address of http or https counts as existing. Missing absolute paths are False, because
    machines may share a configuration. Raise InputError for any other text.
    """
    not_an_address = setting.error("is not an address like https://index.example.org/simple")
    try:
        parts = urlsplit(location)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise not_an_address from None
    if parts.scheme in ("http", "https") and has_host:
        return True
    if parts.scheme not in ("", "file"):
        raise not_an_address
    path = Path(unquote(parts.path) if parts.scheme else location).expanduser()
    if not path.is_absolute() and not (base / path).exists():
        raise setting.error(
            "is neither an address like https://index.example.org/simple "
            "nor a directory that exists"
        )
    return (base / path).exists()


def require_location(location: str, setting: Setting, base: Path) -> None:
    """Raise InputError if the main index does not exist: nothing works without it."""
    if not location_exists(location, setting, base):
        raise setting.error("is a directory that does not exist")
