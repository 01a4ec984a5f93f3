"""The back end: from a ticket to the account."""

import logging
from xml.etree.ElementTree import ParseError

import requests
from django.conf import settings
from django_cas_ng.utils import get_cas_client

from accounts.user_names import name_key
from login.accept import LoginRefused, accept, record_refusal
from login.methods.central import CentralBackend

logger = logging.getLogger("rolf.login")
MESSAGES = {
    "answer": "The answer of CAS is not valid. Log in again.",
    "away": "CAS cannot be reached. Try again in a moment.",
    "ticket": "CAS did not accept the login. Log in again.",
}
# What python-cas raises for an answer that is no CAS document.
INVALID = (ParseError, AttributeError, IndexError, ValueError)


class Backend(CentralBackend):
    """Accept the person whom the CAS server names for the ticket."""

    def authenticate(self, request, ticket, service):
        """Return the account. Raise LoginRefused."""
        client = get_cas_client(service_url=service, request=request)
        try:
            name, attributes, _ = client.verify_ticket(ticket)
        except INVALID as error:
            raise refusal(request, "answer", error) from error
        except requests.RequestException as error:
            raise refusal(request, "away", error) from error
        if not name:
            raise refusal(request, "ticket", "an unknown ticket")
        attributes = attributes or {}
        return accept(
            "cas",
            _first(attributes, settings.CAS_SUBJECT) if settings.CAS_SUBJECT else name_key(name),
            name,
            groups=_values(attributes, settings.CAS_GROUPS),
            full_name=_first(attributes, settings.CAS_FULL_NAME),
            email=_first(attributes, settings.CAS_EMAIL),
            request=request,
        )


def refusal(request, outcome, reason):
    """Return a LoginRefused, and record that the login failed."""
    logger.warning("login by CAS failed: %.300r", str(reason))
    record_refusal(request, "cas", outcome)
    return LoginRefused(MESSAGES[outcome], code=outcome)


def _values(attributes, name):
    """Return the values of an attribute: python-cas gives one as a text and several as a list."""
    value = attributes.get(name) or []
    return [each for each in (value if isinstance(value, list) else [value]) if each]


def _first(attributes, name):
    return next(iter(_values(attributes, name)), "")
