"""Where packages come from: the index that the user's uv or pip is configured for.

uv reads its own configuration. Where it has none, pip's is translated for it, so that a user who
has told pip about the house's index need not say it twice. Everything is handed over in the
environment, never as an argument: an address may hold a password, and `ps` shows arguments.
"""

import configparser
import os
import ssl
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

# https://docs.astral.sh/uv/reference/environment/
PLACES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_UV_VARIABLES = (*PLACES, "UV_NO_INDEX", "UV_CONFIG_FILE")
_EXTRAS = frozenset({"UV_INDEX", "UV_INDEX_STRATEGY", "UV_FIND_LINKS"})
_UV_SETTINGS = {"index", "index-url", "extra-index-url", "find-links", "no-index"}


@dataclass(frozen=True, kw_only=True)
class Index:
    """How to reach the index.

    `environment` is what uv gets in addition; `no_index` leaves find-links alone;
    `certificates` is a CA bundle; `trusted_hosts` are not asked for one; `credentials` are
    (user, password) by host name.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    no_index: bool = False
    certificates: str | None = None
    trusted_hosts: frozenset[str] = frozenset()
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def has_extras(self) -> bool:
        """Whether pip's configuration names more places than the one index."""
        return not _EXTRAS.isdisjoint(self.environment)

    def without_extras(self) -> "Index":
        """The one index alone."""
        return replace(self, environment={name: value for name, value in self.environment.items()
                                          if name not in _EXTRAS})


def configured(project: Path, environ: Mapping[str, str] = os.environ) -> Index:
    """The index for a project's directory, from uv's configuration or else pip's."""
    pip = _pip_settings(environ)
    certificates = (pip.get("cert") or environ.get("SSL_CERT_FILE")
                    or environ.get("REQUESTS_CA_BUNDLE")
                    # A house's own authority is among the system's, as pip expects it, too.
                    or ssl.get_default_verify_paths().cafile)
    trusted = frozenset(pip.get("trusted-host", "").split())
    extra: dict[str, str] = {}
    if certificates and "SSL_CERT_FILE" not in environ:
        extra["SSL_CERT_FILE"] = certificates
    if pip.get("proxy"):
        extra.update({name: pip["proxy"] for name in ("HTTP_PROXY", "HTTPS_PROXY")
                      if name not in environ and name.lower() not in environ})
    if _uv_is_configured(project, environ):
        return Index(environment=extra, certificates=certificates, trusted_hosts=trusted,
                     credentials=_credentials(environ.get(each, "") for each in _UV_VARIABLES))
    indexes = [url for url in pip.get("extra-index-url", "").split() if _exists(url)]
    links = [each for each in pip.get("find-links", "").split() if _exists(each)]
    if pip.get("index-url"):
        extra["UV_DEFAULT_INDEX"] = pip["index-url"]
    if indexes:
        extra["UV_INDEX"] = " ".join(indexes)
        # pip takes the best version of all indexes, and it is pip's configuration.
        extra["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if links:
        extra["UV_FIND_LINKS"] = ",".join(links)
    if trusted:
        extra["UV_INSECURE_HOST"] = " ".join(sorted(trusted))
    return Index(
        environment=extra,
        no_index=pip.get("no-index", "").lower() in ("1", "true", "yes", "on", "t", "y"),
        certificates=certificates,
        trusted_hosts=trusted,
        credentials=_credentials([pip.get("index-url", ""), *indexes, *links]),
    )


def _uv_is_configured(project: Path, environ: Mapping[str, str]) -> bool:
    if any(environ.get(name) for name in _UV_VARIABLES):
        return True
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    places = [user / "uv" / "uv.toml", Path("/etc/uv/uv.toml")]
    for directory in (project, *project.parents):
        places += [directory / "uv.toml", directory / "pyproject.toml"]
    for place in places:
        try:
            settings = tomllib.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if place.name == "pyproject.toml":
            settings = settings.get("tool", {}).get("uv", {})
        if _UV_SETTINGS & {*settings, *settings.get("pip", {})}:
            return True
    return False


def _pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's options by their long names, as pip finds them, later ones winning.

    https://pip.pypa.io/en/stable/topics/configuration/
    """
    settings: dict[str, str] = {}
    for place in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(place, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself says so, at its next use
        for section in ("global", "download", "install"):
            if parser.has_section(section):
                settings.update((key.replace("_", "-"), value)
                                for key, value in parser.items(section))
    settings.update((name.removeprefix("PIP_").lower().replace("_", "-"), value)
                    for name, value in environ.items() if name.startswith("PIP_") and value)
    return settings


def _pip_files(environ: Mapping[str, str]) -> Iterator[Path]:
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


def _exists(place: str) -> bool:
    """pip shrugs at a directory that isn't there; uv takes it for a fault."""
    parts = urlsplit(place)
    if parts.scheme not in ("", "file"):
        return True
    return Path(unquote(parts.path) if parts.scheme else place).expanduser().exists()


def _credentials(addresses: Iterator[str] | list[str]) -> dict[str, tuple[str, str]]:
    found = {}
    for address in " ".join(addresses).replace(",", " ").split():
        # uv's named indexes: NAME=https://…
        parts = urlsplit(address[address.find("=") + 1:] if "=" in address.split(":")[0]
                         else address)
        if parts.hostname and parts.username:
            found[parts.hostname] = (unquote(parts.username), unquote(parts.password or ""))
    return found
