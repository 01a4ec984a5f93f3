"""Decorators of views: login, superusers, transactions, cache headers."""

from functools import wraps
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django_htmx.http import HttpResponseClientRefresh

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Browsers keep no copy of the page: it shows what few people may see.
no_store = cache_control(no_store=True)


def login_required(view):
    """Redirect anonymous users to the login page; proxies must not cache the view's response.

    Unlike Django's decorator, it handles requests of htmx and forms whose session has ended. Tests
    read ``login_required``, and the ``permission`` that decorators below this one set.
    """

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if not request.user.is_authenticated:
            return _redirect_to_login(request)
        response = view(request, *args, **kwargs)
        patch_cache_control(response, private=True)
        return response

    wrapper.login_required = True
    return wrapper


def superuser_required(view):
    """Raise PermissionDenied unless the user is a superuser. Goes below ``login_required``."""

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if not request.user.is_superuser:
            raise PermissionDenied("Only superusers may see this page.")
        return view(request, *args, **kwargs)

    wrapper.permission = "superuser"
    return wrapper


def atomic_post(view):
    """Run the view in one transaction if its method may change something.

    Pages that only read must not begin one: on SQLite, each transaction takes the write lock. Goes
    above decorators that read rows which the view changes. Tests read ``atomic``.
    """

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if request.method in SAFE_METHODS:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            return view(request, *args, **kwargs)

    wrapper.atomic = True
    return wrapper


def _redirect_to_login(request):
    """Return a redirect to the login page, and from there back to the page that the user saw.

    htmx would put the login page into a part of the page, so it reloads the whole page. The address
    of a form shows nothing by itself, so users return to the page that had the form.
    """
    if request.htmx:
        return HttpResponseClientRefresh()
    if request.method in SAFE_METHODS:
        return redirect_to_login(request.get_full_path())
    messages.warning(request, "Nothing was changed: you were logged out. Log in and try again.")
    referer = request.headers.get("Referer", "")
    is_local = url_has_allowed_host_and_scheme(referer, {request.get_host()}, request.is_secure())
    return redirect_to_login(urlsplit(referer).path if is_local else reverse("main:index"))
