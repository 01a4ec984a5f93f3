"""Smoke tests: what must work on a running site, asked over HTTP as a visitor would."""

import json
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.utils.html import escape


class SmokeTestFailed(Exception):  # noqa: N818
    """The site did not answer as it should; the message says what came instead."""


class Site:
    """A running site, reached at an address that may not be its own."""

    def __init__(self, url, *, host=None, timeout=30):
        """Take the address; `host` is the name to ask for, a loopback address implies ours."""
        self.url = url.rstrip("/") + "/"
        self.timeout = timeout
        self.headers = {"User-Agent": "smoketest"}
        address = urlsplit(url).hostname or ""
        if host is None and (address in {"localhost", "::1"} or address.startswith("127.")):
            host = settings.SITE_DOMAIN
        if host:
            self.headers["Host"] = host
        if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
            # Speak as the proxy in front would; otherwise the site answers by a redirect.
            self.headers["X-Forwarded-Proto"] = "https"

    def get(self, path, content_type):
        """Return the body at a path; raise SmokeTestFailed unless it is 200 and of that type."""
        url = urljoin(self.url, path)
        request = urllib.request.Request(url, headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                body = answer.read().decode(errors="replace")
                found = answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            text = error.read(300).decode(errors="replace") if error.code == 503 else ""
            raise SmokeTestFailed(f"{url} answered {error.code} {error.reason} {text}") from error
        except OSError as error:
            raise SmokeTestFailed(f"{url} did not answer: {error}") from error
        if found != content_type:
            raise SmokeTestFailed(f"{url} is {found}, not {content_type}")
        return body


class StylesheetParser(HTMLParser):
    """Collect the addresses of a page's stylesheets."""

    def __init__(self):
        """Start with none."""
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        """Note a <link rel="stylesheet">."""
        attributes = dict(attrs)
        if tag == "link" and attributes.get("rel") == "stylesheet":
            self.addresses.append(attributes["href"])


def page(site, path, marker):
    """Check that a page is there, holds the marker, and has styles, each of which is there."""
    body = site.get(path, "text/html")
    if marker not in body:
        raise SmokeTestFailed(f"{path} does not hold {marker}: is this the right site?")
    parser = StylesheetParser()
    parser.feed(body)
    if not parser.addresses:
        raise SmokeTestFailed(f"{path} names no stylesheet")
    for address in parser.addresses:
        site.get(address, "text/css")


def front_page(site):
    """Check the front page and its styles."""
    page(site, "", escape(settings.PROJECT_NAME))


def admin_login(site):
    """Check the admin's login and its styles."""
    page(site, "admin/login/", "csrfmiddlewaretoken")


def health(site):
    """Check that the site itself says that it is well."""
    status = json.loads(site.get("healthz", "application/json"))["status"]
    if status != "ok":
        raise SmokeTestFailed(f"/healthz says {status}")


smoke_tests = [
    ("front page and its styles", front_page),
    ("admin login and its styles", admin_login),
    ("database and migrations", health),
]
