"""The index that packages come from: the one that the user's uv or pip is configured for.

uv reads its own configuration. If it has none, pip's is translated for it, so that users who have
configured pip need not configure uv. uv gets everything in its environment and nothing as an
argument: an address may hold a password, and `ps` shows arguments.
"""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from vendor_fetch.index.credentials import (
    credentials,
    credentials_of_tables,
    index_urls,
    keyring_password,
    origin,
    services,
)
from vendor_fetch.index.pip import pip_settings
from vendor_fetch.index.setting import (
    Setting,
    from_environment,
    location_exists,
    require_location,
)
from vendor_fetch.index.uv import (
    INDEX_VARIABLES,
    index_addresses,
    uv_is_configured,
    uv_settings,
)

_EXTRAS = frozenset({"UV_INDEX", "UV_INDEX_STRATEGY", "UV_FIND_LINKS"})
# distutils.util.strtobool, with which pip reads booleans
_BOOLEANS = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0"), False),
}


@dataclass(frozen=True, kw_only=True)
class Index:
    """How to reach the index.

    `environment` holds variables to add to uv's environment. With `no_index`, only find-links are
    used. `certificates` is a CA bundle; the certificates of `trusted_hosts` are not verified.
    `credentials` are (user, password) by origin. `keyring` has the name under which a keyring may
    have the password of a user for an origin; it is empty if no keyring is configured.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    no_index: bool = False
    certificates: str | None = None
    trusted_hosts: frozenset[str] = frozenset()
    credentials: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    keyring: Mapping[str, str] = field(default_factory=dict)

    def login(self, address: str) -> tuple[str, str] | None:
        """Return the user and the password for an address, or None."""
        place = origin(address)
        if place not in self.credentials and place.endswith(":443"):
            # An index of http may have its files at https.
            place = place.replace("https:", "http:").removesuffix(":443") + ":80"
        found = self.credentials.get(place)
        if found and not found[1] and place in self.keyring:
            return found[0], keyring_password(self.keyring[place], found[0])
        return found

    @property
    def has_extras(self) -> bool:
        """Whether pip's configuration names more locations than the main index."""
        return not _EXTRAS.isdisjoint(self.environment)

    def without_extras(self) -> "Index":
        """Return the main index alone."""
        environment = {
            name: value for name, value in self.environment.items() if name not in _EXTRAS
        }
        return replace(self, environment=environment)


def configured_index(project: Path, environ: Mapping[str, str] = os.environ) -> Index:
    """Return the index that uv's configuration names for a directory, or else pip's.

    Raise InputError for a wrong setting; it names the file or variable.
    """
    pip = pip_settings(environ)

    def setting(name: str) -> Setting:
        return pip.get(name) or Setting(value="", name=name)

    certificates = _certificates(setting("cert"), environ)
    trusted_hosts = frozenset(setting("trusted-host").value.split())
    uv_environment: dict[str, str] = {}
    if certificates and "SSL_CERT_FILE" not in environ:
        uv_environment["SSL_CERT_FILE"] = certificates
    if proxy := _proxy(setting("proxy")):
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            if name not in environ and name.lower() not in environ:
                uv_environment[name] = proxy
    if uv_is_configured(project, environ):
        settings = uv_settings(project, environ).settings
        addresses = [
            *(each for name in INDEX_VARIABLES for each in index_addresses(name, environ)),
            *index_urls(settings),
        ]
        provider = environ.get("UV_KEYRING_PROVIDER") or settings.get("keyring-provider")
        return Index(
            environment=uv_environment,
            certificates=certificates,
            trusted_hosts=trusted_hosts,
            credentials={
                **credentials_of_tables(settings, environ),
                **credentials(addresses),
            },
            keyring=services(addresses) if provider == "subprocess" else {},
        )
    main = setting("index-url")
    if main.value:
        require_location(main.value, main, project)
        uv_environment["UV_DEFAULT_INDEX"] = main.value
    # pip ignores a directory that does not exist; uv would fail.
    extra_indexes, find_links = (
        [
            location
            for location in setting(name).value.split()
            if location_exists(location, setting(name), project)
        ]
        for name in ("extra-index-url", "find-links")
    )
    if extra_indexes:
        uv_environment["UV_INDEX"] = " ".join(extra_indexes)
        # As pip does: the best version of all indexes.
        uv_environment["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if find_links:
        uv_environment["UV_FIND_LINKS"] = ",".join(find_links)
    addresses = [main.value, *extra_indexes, *find_links]
    has_keyring = setting("keyring-provider").value in ("subprocess", "import")
    if has_keyring:
        uv_environment["UV_KEYRING_PROVIDER"] = "subprocess"
    if trusted_hosts:
        uv_environment["UV_INSECURE_HOST"] = " ".join(sorted(trusted_hosts))
    return Index(
        environment=uv_environment,
        no_index=_boolean(setting("no-index")),
        certificates=certificates,
        trusted_hosts=trusted_hosts,
        credentials=credentials(addresses),
        keyring=services(addresses) if has_keyring else {},
    )


def _certificates(cert: Setting, environ: Mapping[str, str]) -> str | None:
    variables = (
        from_environment(name, environ) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    )
    for setting in (cert, *variables):
        if setting.value:
            if not Path(setting.value).expanduser().exists():
                raise setting.error("is a file of certificates that does not exist")
            return setting.value
    # The system's certificates, as for pip: they include the organization's own authority.
    return ssl.get_default_verify_paths().cafile


def _proxy(setting: Setting) -> str:
    address = setting.value
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        is_valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if address and not is_valid:
        raise setting.error("is not the address of a proxy, like http://proxy.example.org:3128")
    return address


def _boolean(setting: Setting) -> bool:
    try:
        return _BOOLEANS[setting.value.lower() or "no"]
    except KeyError:
        raise setting.error("is neither true nor false") from None
