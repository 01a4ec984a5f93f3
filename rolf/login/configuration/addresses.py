"""Addresses of providers. Their answers name a person, so nobody may change them on the way."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def secure_url(value, name):
    """Return the URL. Raise ImproperlyConfigured unless it is https, or http on this machine."""
    parts = urlsplit(value)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return value
    raise ImproperlyConfigured(f"{name}={value} is not an https address. Change it in .env.")


def _is_loopback(host):
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"
