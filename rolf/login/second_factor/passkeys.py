"""Register passkeys and check them, with django-otp-webauthn.

A passkey belongs to the host name of the page; the browser signs the page's origin. ALLOWED_HOSTS
says which host names are Rolf's, so no further setting names them.
"""

from django.core.exceptions import ValidationError
from django.http.request import split_domain_port
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.helpers import WebAuthnHelper
from webauthn.helpers.exceptions import WebAuthnException

CHALLENGE = "second_factor.passkey"  # in the session, between the two requests of a ceremony


def host_name(request):
    """Return the host name of the page, to which its passkeys belong."""
    return split_domain_port(request.get_host())[0]


class Ceremony(WebAuthnHelper):
    """The library's ceremonies, at the origin of the request."""

    def get_allowed_origins(self):
        """Return the origins that the page can have. By http, browsers allow `localhost` only."""
        host = self.request.get_host()
        return [f"https://{host}", f"http://{host}"]


def registration_options(request):
    """Return the options for `navigator.credentials.create`, and keep their challenge."""
    options, state = Ceremony(request).register_begin(request.user)
    request.session[CHALLENGE] = {**state, "for": "create"}
    return options


def register(request, credential, name):
    """Return the new passkey. Raise ValidationError if the browser's answer is not valid."""
    with _translated():
        passkey = Ceremony(request).register_complete(
            request.user, _state(request, "create"), credential
        )
    passkey.name = name
    passkey.save(update_fields=["name"])
    return passkey


def authentication_options(request):
    """Return the options for `navigator.credentials.get`, and keep their challenge."""
    options, state = Ceremony(request).authenticate_begin(
        request.user, require_user_verification=False
    )
    request.session[CHALLENGE] = {**state, "for": "get"}
    return options


def check(request, credential):
    """Raise ValidationError unless the answer comes from a passkey of the user."""
    with _translated():
        Ceremony(request).authenticate_complete(request.user, _state(request, "get"), credential)


def _state(request, ceremony):
    """Return the challenge, which is used up: an answer that was sent twice is refused."""
    state = request.session.pop(CHALLENGE, None)
    if not state or state.pop("for") != ceremony:
        raise ValidationError("The page was open for too long. Try again.", code="state")
    return state


class _translated:  # noqa: N801 - a context manager
    """Raise ValidationError in the place of the libraries' exceptions."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, WebAuthnException | OTPWebAuthnApiError | ValueError | TypeError):
            raise ValidationError(
                "The passkey was not accepted. Try again.", code="passkey"
            ) from error
