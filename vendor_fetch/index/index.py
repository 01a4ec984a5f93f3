"""Where packages come from: the index that the user's uv or pip is configured for.

uv reads its own configuration. Where it has none, pip's is translated for it, so that a user who
has told pip about the house's index need not say it twice. Everything is handed over in the
environment, never as an argument: an address may hold a password, and `ps` shows arguments.
"""

import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vendor_fetch.index.pip import pip_settings
from vendor_fetch.index.setting import Setting, from_environment, location_exists, require_location
from vendor_fetch.index.uv import INDEX_VARIABLES, index_addresses, uv_is_configured

_EXTRAS = frozenset({"UV_INDEX", "UV_INDEX_STRATEGY", "UV_FIND_LINKS"})
# distutils.util.strtobool, which pip reads yes and no by
_YES_OR_NO = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0"), False),
}


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
        return replace(
            self,
            environment={
                name: value for name, value in self.environment.items() if name not in _EXTRAS
            },
        )


def configured_index(project: Path, environ: Mapping[str, str] = os.environ) -> Index:
    """The index for a project's directory, from uv's configuration or else pip's.

    Raises InputError, which names a setting that is nonsense and where it was written.
    """
    pip = pip_settings(environ)

    def told(name: str) -> Setting:
        return pip.get(name) or Setting(value="", origin="")

    certificates = _certificates(told("cert"), environ)
    trusted = frozenset(told("trusted-host").value.split())
    extra: dict[str, str] = {}
    if certificates and "SSL_CERT_FILE" not in environ:
        extra["SSL_CERT_FILE"] = certificates
    if proxy := _proxy(told("proxy")):
        extra.update(
            {
                name: proxy
                for name in ("HTTP_PROXY", "HTTPS_PROXY")
                if name not in environ and name.lower() not in environ
            }
        )
    if uv_is_configured(project, environ):
        return Index(
            environment=extra,
            certificates=certificates,
            trusted_hosts=trusted,
            credentials=_credentials(
                each for name in INDEX_VARIABLES for each in index_addresses(name, environ)
            ),
        )
    index = told("index-url")
    if index.value:
        require_location(index.value, index, project)
        extra["UV_DEFAULT_INDEX"] = index.value
    # pip shrugs at a directory that isn't there; uv takes it for a fault.
    indexes, links = (
        [each for each in told(name).value.split() if location_exists(each, told(name), project)]
        for name in ("extra-index-url", "find-links")
    )
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
        no_index=_yes_or_no(told("no-index")),
        certificates=certificates,
        trusted_hosts=trusted,
        credentials=_credentials([index.value, *indexes, *links]),
    )


def _certificates(cert: Setting, environ: Mapping[str, str]) -> str | None:
    for setting in (
        cert,
        *(from_environment(name, environ) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")),
    ):
        if setting.value:
            if not Path(setting.value).expanduser().exists():
                raise setting.nonsense("is a file of certificates that is not there")
            return setting.value
    # A house's own authority is among the system's, as pip expects it, too.
    return ssl.get_default_verify_paths().cafile


def _proxy(setting: Setting) -> str:
    address = setting.value
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        fine = bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if address and not fine:
        raise setting.nonsense("is no address of a proxy like http://proxy.example.org:3128")
    return address


def _yes_or_no(setting: Setting) -> bool:
    try:
        return _YES_OR_NO[setting.value.lower() or "no"]
    except KeyError:
        raise setting.nonsense("is neither true nor false") from None


def _credentials(addresses: Iterable[str]) -> dict[str, tuple[str, str]]:
    found = {}
    for address in addresses:
        parts = urlsplit(address)
        if parts.hostname and parts.username:
            found[parts.hostname] = (unquote(parts.username), unquote(parts.password or ""))
    return found
