"""Requests to the CAS server."""

import requests
from django.conf import settings


class Session(requests.Session):
    """A session with a time-out: python-cas waits for ever."""

    def request(self, *arguments, **options):
        """Send the request; raise an HTTPError for a status that is no answer."""
        options.setdefault("timeout", settings.CAS_TIMEOUT)
        response = super().request(*arguments, **options)
        response.raise_for_status()
        return response
