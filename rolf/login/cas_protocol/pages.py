"""The way to the CAS server and back, and its single log-out."""

import re

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, HttpResponseNotAllowed
from django.shortcuts import redirect, resolve_url
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django_cas_ng import views
from django_cas_ng.models import SessionTicket
from django_cas_ng.signals import cas_user_logout
from django_cas_ng.utils import get_cas_client
from lxml.etree import XMLSyntaxError

import audit
from login.accept import LoginRefused
from login.models import Session

DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
LARGEST_LOGOUT = 10_000  # characters: each ticket in it costs a query, and anybody can send one
BEGUN = "CASNEXT"  # django-cas-ng keeps there where the person wants to go


@method_decorator(never_cache, name="dispatch")
class LoginPage(views.LoginView):
    """Send people to the server; log them in when they come back with a ticket."""

    def get(self, request):
        """Log the person in, or show the login page with the reason."""
        request.GET = request.GET.copy()
        request.GET["next"] = _target(request)  # the library takes any address
        if not request.session.get(BEGUN):
            # This browser asked for no ticket: such a link would log a person in as another one.
            request.GET.pop("ticket", None)
        try:
            return super().get(request)
        except LoginRefused as error:
            messages.error(request, error.message)
            return redirect("accounts:login")
        finally:
            if "ticket" in request.GET:  # a login that was begun takes one ticket
                request.session.pop(BEGUN, None)

    def successful_login(self, request, next_page):
        """Forget tickets of sessions that have ended, and open the page."""
        ended = SessionTicket.objects.exclude(session_key__in=Session.objects.values("session_key"))
        ended.delete()
        return super().successful_login(request, next_page)

    def post(self, request):
        """End the session of a ticket. Only the server and the person's browser know tickets."""
        if "logoutRequest" not in request.POST:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if len(request.POST["logoutRequest"]) > LARGEST_LOGOUT:
            return HttpResponse("the log-out request is too large\n", "text/plain", status=413)
        request.POST = request.POST.copy()
        # lxml takes no text that declares an encoding.
        request.POST["logoutRequest"] = DECLARATION.sub("", request.POST["logoutRequest"])
        try:
            views.clean_sessions(get_cas_client(request=request), request)
        except (XMLSyntaxError, ValueError, TypeError):
            return HttpResponseBadRequest("no log-out request of SAML 2.0\n", "text/plain")
        return HttpResponse("ok\n", "text/plain")


def _target(request):
    """Return where to go after the login: an address of this site."""
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _record(sender, user, **more):
    if sender == "slo" and user.is_authenticated:
        audit.record("session.ended", user=user, method="cas")


cas_user_logout.connect(_record, dispatch_uid="login.cas")

urlpatterns = [path("sign-in/cas/", LoginPage.as_view(), name="cas")]
