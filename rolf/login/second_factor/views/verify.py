"""The page that asks for the second factor, or for the password again."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

import audit
from accounts.decorators import atomic_post, login_required
from login.second_factor import passkeys, proof
from login.second_factor.factors import is_enrolled
from login.second_factor.factors import passkeys as passkeys_of
from login.second_factor.forms import CodeForm, PasskeyForm, PasswordForm


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
@never_cache
def verify(request):
    """Ask for a code; or for the password, if the account has no second factor."""
    enrolled = is_enrolled(request.user)
    form = (CodeForm if enrolled else PasswordForm)(request.POST or None, request=request)
    if not form.is_valid():
        return _page(request, form, enrolled)
    if enrolled:
        return _completed(request)
    proof.renew(request.session)
    return redirect(next_page(request))


@require_POST
@login_required
@atomic_post
@never_cache
def verify_passkey(request):
    """Send the options for the browser, or check what it answered."""
    form = PasskeyForm(request.POST)
    if not (form.is_valid() and form.cleaned_data["credential"]):
        return JsonResponse(passkeys.authentication_options(request))
    try:
        passkeys.check(request, form.cleaned_data["credential"])
    except ValidationError as error:
        # Nothing slows these down: no passkey can be guessed.
        audit.record_once(
            "second_factor.failure",
            key=(request.user.pk, request.META.get("REMOTE_ADDR")),
            interval=60,
            request=request,
            outcome="failed",
            passkey=True,
        )
        code = CodeForm(request=request)
        return _page(request, code, True, status=422, fault=error.messages[0])
    return _completed(request)


def next_page(request):
    """Return where to go next: an address of this site."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


def _completed(request):
    proof.complete(request.session)
    audit.record("second_factor.success", request=request)
    return redirect(next_page(request))


def _page(request, form, enrolled, *, status=200, fault=""):
    if form.is_bound:
        status = 429 if form.wait else 422
    response = render(
        request,
        "second_factor/verify.html",
        {
            "form": form,
            "enrolled": enrolled,
            "with_passkey": enrolled and passkeys_of(request.user).exists(),
            "next": next_page(request),
            "fault": fault,
        },
        status=status,
    )
    if form.is_bound and form.wait:
        response["Retry-After"] = str(form.wait)
    return response
