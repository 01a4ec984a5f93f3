"""Sessions without their second factor reach the page that asks for it, and no other one."""

from django.conf import settings
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from accounts.decorators import SAFE_METHODS

from .factors import is_enrolled, is_required
from .proof import is_complete

# What needs no session, or only ends one.
OPEN = {
    "accounts:login",
    "accounts:logout",
    "main:healthz",
    "second_factor:verify",
    "second_factor:verify-passkey",
}
# What an account can do that must have a second factor and has none.
ENROLMENT = {"second_factor:factors", "second_factor:app-new", "second_factor:passkey-new"}
TOKENS = "operations"  # the namespace of the API, which ignores sessions


class SecondFactorMiddleware(MiddlewareMixin):
    """Redirect to the second factor, whichever page or form of a login opened the session.

    So the admin's own login is no way around it.
    """

    def process_view(self, request, view, arguments, named):
        """Return a redirect, or None if the request may go on."""
        match = request.resolver_match
        if match.view_name in OPEN or TOKENS in match.namespaces:
            return None
        place = missing_step(request)
        if place is None or (place == "factors" and match.view_name in ENROLMENT):
            return None
        address = reverse(f"second_factor:{place}")
        if request.method in SAFE_METHODS and not request.htmx:
            return HttpResponseRedirect(f"{address}?{urlencode({'next': request.get_full_path()})}")
        return (HttpResponseClientRedirect if request.htmx else HttpResponseRedirect)(address)


def missing_step(request):
    """Return the page that the user has to see first: "verify", "factors" or None."""
    user = request.user
    if not settings.LOGIN_SECOND_FACTOR or not user.is_authenticated or user.central:
        return None
    if is_complete(request.session):
        return None
    if is_enrolled(user):
        return "verify"
    return "factors" if is_required(user) else None
