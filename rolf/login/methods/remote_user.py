"""REMOTE_USER: Apache knows the person, by SAML, Kerberos, Shibboleth, LDAP or a password file."""

from datetime import timedelta

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib import auth
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, resolve_url
from django.urls import path
from django.utils.decorators import sync_and_async_middleware
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.user_names import name_key
from database import clock
from login.accept import LoginRefused, accept
from login.models import Identity
from login.remote_person import remote_person

from . import Method
from .central import CentralBackend

METHOD = Method(name="remote_user", title="the central login", url="accounts:remote")
# How old the last confirmation may be before a request that names the person confirms it again.
FRESH = timedelta(minutes=1)


class Backend(CentralBackend):
    """Accept the person that the web server names, in whatever spelling of the name."""

    def authenticate(self, request, remote_person=None):
        """Return the account of a RemotePerson, or None without one. Raise LoginRefused."""
        if remote_person is None:
            return None
        return accept(
            METHOD.name,
            name_key(remote_person.name),
            remote_person.name,
            groups=remote_person.groups,
            full_name=remote_person.full_name,
            email=remote_person.email,
            request=request,
        )


@require_safe
@never_cache
def log_in(request):
    """Log in the person whom the web server names, and return to the page that was asked for."""
    person = remote_person(request.META)
    if person is None:
        raise PermissionDenied(
            "The web server did not say who you are. An administrator of Rolf finds its "
            "configuration in docs/rolf-login.md, REMOTE_USER."
        )
    try:
        user = auth.authenticate(request, remote_person=person)
    except LoginRefused as error:
        raise PermissionDenied(error.message) from error
    auth.login(request, user)
    target = request.GET.get("next", "")
    local = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return redirect(target if local else resolve_url(settings.LOGIN_REDIRECT_URL))


urlpatterns = [path("sign-in/remote/", log_in, name="remote")]


@sync_and_async_middleware
def remote_user_middleware(get_response):
    """Follow the web server where it names the person with each request: confirm, or log out."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            await sync_to_async(_follow)(request)
            return await get_response(request)
    else:

        def middleware(request):
            _follow(request)
            return get_response(request)

    return middleware


def _follow(request):
    """Confirm the account of the session again; end the session if it is another person's."""
    backend = f"{__name__}.{Backend.__qualname__}"
    person = remote_person(request.META)
    if person is None or request.session.get(auth.BACKEND_SESSION_KEY) != backend:
        return
    user_id = request.session[auth.SESSION_KEY]
    identity = Identity.objects.filter(method=METHOD.name, user=user_id).first()
    if identity is None or identity.subject != name_key(person.name):
        auth.logout(request)
    elif not identity.confirmed or identity.confirmed < clock.now() - FRESH:
        try:
            Backend().authenticate(request, person)
        except LoginRefused:
            auth.logout(request)
