"""A script with a token, as tests call the API."""

from django.test import Client

from api.models import Token
from deployments.models import Level


def made(user, level=Level.PUSH, **more):
    """Return a token of that user for all deployments, and its text."""
    token = Token(user=user, name="a script", level=level, all_deployments=True, **more)
    text = token.generate()
    token.save()
    return token, text


class Caller:
    """A client of the API with the token of that text."""

    def __init__(self, text, **headers):
        """`headers` are sent with every request."""
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {text}", **headers}

    def get(self, address, **headers):
        """Send a GET request."""
        return self.client.get(address, headers={**self.headers, **headers})

    def post(self, address, body=None):
        """Send a POST request, with or without a body."""
        return self.client.post(
            address, body or "", content_type="application/json", headers=self.headers
        )
