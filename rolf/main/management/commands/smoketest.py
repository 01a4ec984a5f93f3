import json
import urllib.error
import urllib.request
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.html import escape


class SmokeTestFailed(Exception):  # noqa: N818
    """A response of the site is not the expected one. The message says what came instead."""


class Site:
    """A running site. `host` is the name to ask for; for a loopback address, it is SITE_DOMAIN."""

    def __init__(self, url, *, host=None, timeout=30):
        self.url = url.rstrip("/") + "/"
        self.timeout = timeout
        self.headers = {"User-Agent": "smoketest"}
        address = urlsplit(url).hostname or ""
        if host is None and (address in {"localhost", "::1"} or address.startswith("127.")):
            host = settings.SITE_DOMAIN
        if host:
            self.headers["Host"] = host
        if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
            # Ask as the proxy does. Otherwise the site would redirect to https.
            self.headers["X-Forwarded-Proto"] = "https"

    def get(self, path, content_type):
        """Return the body. Raise SmokeTestFailed unless the response is a 200 of that type."""
        url = urljoin(self.url, path)
        request = urllib.request.Request(url, headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as response:
                body = response.read().decode(errors="replace")
                found = response.headers.get_content_type()
        except urllib.error.HTTPError as error:
            with error:
                text = error.read(300).decode(errors="replace") if error.code == 503 else ""
            raise SmokeTestFailed(f"{url} answered {error.code} {error.reason} {text}") from error
        except OSError as error:
            raise SmokeTestFailed(f"{url} did not answer: {error}") from error
        if found != content_type:
            raise SmokeTestFailed(f"{url} is {found}, not {content_type}")
        return body

    def check_page(self, path, marker):
        """Raise SmokeTestFailed unless the page contains the marker and its style sheets exist."""
        body = self.get(path, "text/html")
        if marker not in body:
            raise SmokeTestFailed(f"{self.url}{path} lacks {marker}: is this the right site?")
        parser = StylesheetParser()
        parser.feed(body)
        if not parser.addresses:
            raise SmokeTestFailed(f"{self.url}{path} has no style sheet")
        for address in parser.addresses:
            self.get(address, "text/css")


class StylesheetParser(HTMLParser):
    """Collect the addresses of a page's style sheets."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "link" and attributes.get("rel") == "stylesheet":
            self.addresses.append(attributes["href"])


def front_page(site):
    site.check_page("", escape(settings.PROJECT_NAME))


def admin_login(site):
    site.check_page("admin/login/", "csrfmiddlewaretoken")


def health(site):
    path = getattr(settings, "READINESS_PATH", "healthz")
    status = json.loads(site.get(path, "application/json"))["status"]
    if status != "ok":
        raise SmokeTestFailed(f"/{path} says {status}")


SMOKE_TESTS = [
    ("front page and its styles", front_page),
    ("admin login and its styles", admin_login),
    ("database and migrations", health),
]


class Command(BaseCommand):
    help = "Request the front page, the admin's login page and /healthz from a running site."
    # Test the running site, and not this process.
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "url",
            nargs="?",
            default="http://127.0.0.1",
            help="address of the site (default: %(default)s)",
        )
        parser.add_argument(
            "--host",
            help=(
                "name of the site, if the address has another one "
                f"(default: {settings.SITE_DOMAIN} for a loopback address)"
            ),
        )
        parser.add_argument(
            "--timeout", type=float, default=30, help="seconds for each response (default: 30)"
        )

    def handle(self, *, url, host, timeout, **options):
        site = Site(url, host=host, timeout=timeout)
        failed = 0
        for name, test in SMOKE_TESTS:
            try:
                test(site)
            except SmokeTestFailed as error:
                failed += 1
                self.stderr.write(f"FAILED  {name}: {error}")
            else:
                self.stdout.write(f"ok      {name}")
        if failed:
            raise CommandError(
                f"{url}: {failed} of {len(SMOKE_TESTS)} smoke tests failed\n"
                "  next: sudo tail /var/log/apache2/error.log  # or another web server's log"
            )
