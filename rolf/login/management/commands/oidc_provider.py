"""Print the lines of .env that a provider of OpenID Connect describes itself by."""

import json
import urllib.error
import urllib.request

from django.core.management.base import BaseCommand, CommandError

from login.configuration.oidc import ENDPOINTS

DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0, section 4


class Command(BaseCommand):
    """The command `./manage.py oidc_provider ISSUER`."""

    help = "Print the settings of a provider of OpenID Connect, from its discovery document."

    def add_arguments(self, parser):
        """Take the issuer."""
        parser.add_argument("issuer", help="such as https://login.example.org/realms/shop")

    def handle(self, *, issuer, **options):
        """Read the document, and print the lines."""
        address = issuer.rstrip("/") + DISCOVERY
        if not address.startswith(("https://", "http://")):
            raise CommandError(f"{issuer} is not a URL.")
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - see above
                found = json.load(answer)
        except (OSError, ValueError) as error:
            raise CommandError(
                f"{address} cannot be read: {error}\n  next: curl -i {address}"
            ) from None
        if found.get("issuer") != issuer:
            raise CommandError(
                f"{address} is the document of another issuer: {found.get('issuer')}"
            )
        self.stdout.write(f"OIDC_ISSUER={issuer}")
        for name, key in ENDPOINTS.items():
            self.stdout.write(f"{name}={found.get(key, '')}")
