"""The way to the provider and back. Everything that goes wrong leads to the login page."""

import logging

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)
from requests import RequestException

from login.accept import LoginRefused, record_refusal

from .backend import INVALID

logger = logging.getLogger("rolf.login")


@method_decorator(never_cache, name="dispatch")
class Callback(OIDCAuthenticationCallbackView):
    """The provider sends people back to this page, with a code."""

    def get(self, request):
        """Log the person in, or show the login page with the reason."""
        if request.GET.get("error") or request.GET.get("iss", settings.OIDC_ISSUER) != (
            settings.OIDC_ISSUER  # RFC 9207
        ):
            # The library would log out a user who follows such a link.
            request.session.get("oidc_states", {}).pop(request.GET.get("state"), None)
            request.session.modified = True
            denied = request.GET.get("error") == "access_denied"
            return self.refuse("denied" if denied else "answer", request.GET.get("error"))
        try:
            return super().get(request)
        except LoginRefused as error:  # which `accept` has recorded
            return self.show(error.message)
        except INVALID as error:
            return self.refuse("answer", error)
        except RequestException as error:
            status = error.response.status_code if error.response is not None else 500
            return self.refuse("away" if status >= 500 else "answer", error)

    def login_failure(self):
        """Show the login page: the browser has no session that began the login."""
        return self.refuse("session", "no session, or no code")

    def refuse(self, outcome, reason):
        """Record that the login failed, and show why."""
        # As a literal: a link can have any text as its error.
        logger.warning("login by OpenID Connect failed: %.300r", str(reason))
        record_refusal(self.request, "oidc", outcome)
        return self.show(MESSAGES[outcome])

    def show(self, message):
        """Show the login page with the message."""
        messages.error(self.request, message)
        return redirect("accounts:login")


MESSAGES = {
    "denied": "The provider did not log you in.",
    "answer": "The answer of the provider is not valid. Log in again.",
    "away": "The provider cannot be reached. Try again in a moment.",
    "session": "The login took too long, or began in another browser. Log in again.",
}

urlpatterns = [
    path(
        "sign-in/oidc/",
        never_cache(OIDCAuthenticationRequestView.as_view()),
        name="oidc",
    ),
    path("sign-in/oidc/callback/", Callback.as_view(), name="oidc-callback"),
]
