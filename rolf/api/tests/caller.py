"""A script with a token, as tests call the API."""

from django.test import Client

from api.models import Token
from deployments.models import Level


def made(user, level=Level.PUSH, **more):
    """Return a token of that person and its text; it reaches all deployments."""
    token = Token(user=user, name="a script", level=level, all_deployments=True, **more)
    text = token.generate()
    token.save()
    return token, text


class Caller:
    """What calls with the token of that text."""

    def __init__(self, text, **headers):
        """`headers` are sent with every call."""
        self.client = Client()
        self.headers = {"Authorization": f"Bearer {text}", **headers}

    def get(self, address, **headers):
        """Read."""
        return self.client.get(address, headers={**self.headers, **headers})

    def post(self, address, body=None):
        """Ask for something; no body is none."""
        return self.client.post(address, body or "", content_type="application/json",
                                headers=self.headers)
