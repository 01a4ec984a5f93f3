"""The pages of a user's own second factor: apps, passkeys and recovery codes."""

from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.decorators import atomic_post, login_required
from encryption.fernet import decrypt, encrypt
from login.second_factor import passkeys, proof
from login.second_factor.factors import (
    is_enrolled,
    is_required,
    record_factors,
    remove_if_last,
)
from login.second_factor.factors import passkeys as passkeys_of
from login.second_factor.forms import NewAppForm, NewPasskeyForm
from login.second_factor.models import Authenticator, RecoveryCode, key_address, new_key
from login.second_factor.qr_code import qr_code

NEW_KEY = "second_factor.key"  # in the session, encrypted, until the app has shown a code


def recently_proven(view):
    """Ask for the password or the second factor again if the user showed it a while ago.

    Raise PermissionDenied for accounts of a central login, whose second factor is there.
    """

    @wraps(view)
    def wrapper(request, *args, **kwargs):
        if request.user.central:
            raise PermissionDenied(
                "The second factor of this account belongs to the central login."
            )
        if proof.is_recent(request.session):
            return view(request, *args, **kwargs)
        back = urlencode({"next": reverse("second_factor:factors")})
        return redirect(f"{reverse('second_factor:verify')}?{back}")

    return wrapper


@require_safe
@login_required
def factors(request):
    """Show what the account has."""
    codes = RecoveryCode.objects.filter(user=request.user)
    app = Authenticator.objects.filter(user=request.user).first()
    keys = list(passkeys_of(request.user))
    return render(
        request,
        "second_factor/factors.html",
        {
            "app": app,
            "passkeys": keys,
            "codes": codes.unused().count(),
            "enrolled": bool(app or keys),
            "required": is_required(request.user),
        },
    )


@sensitive_post_parameters()
@require_POST
@login_required
@recently_proven
@atomic_post
@never_cache
def app_new(request):
    """Show the QR code of a new key; then, with a code of the app, add the app."""
    if "code" not in request.POST or NEW_KEY not in request.session:
        request.session[NEW_KEY] = encrypt(new_key())
    key = decrypt(request.session[NEW_KEY])
    sent = request.POST if "code" in request.POST else None
    form = NewAppForm(sent, request=request, key=key)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(
            request,
            "second_factor/app.html",
            {
                "form": form,
                "qr_code": qr_code(key_address(key, request.user)),
                "key": " ".join(key[at : at + 4] for at in range(0, len(key), 4)),
            },
            status=429 if form.wait else status,
        )
    del request.session[NEW_KEY]
    first = not is_enrolled(request.user)
    with record_factors(request.user, request.user, "app_added", request=request):
        Authenticator.add(request.user, key, form.step)
        texts = RecoveryCode.objects.replace(request.user) if first else []
    return _added(request, texts, "The app shows your codes from now on.")


@require_POST
@login_required
@recently_proven
@atomic_post
@never_cache
def passkey_new(request):
    """Send the options for the browser, or add the passkey that it made."""
    form = NewPasskeyForm(request.POST)
    if not form.is_valid():
        return _passkey_refused(request, form.errors.as_text())
    credential = form.cleaned_data["credential"]
    if not credential:
        return JsonResponse(passkeys.registration_options(request))
    first = not is_enrolled(request.user)
    try:
        with record_factors(request.user, request.user, "passkey_added", request=request):
            passkeys.register(request, credential, form.cleaned_data["name"])
            texts = RecoveryCode.objects.replace(request.user) if first else []
    except ValidationError as error:
        return _passkey_refused(request, error.messages[0])
    return _added(request, texts, f"Added the passkey {form.cleaned_data['name']}.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@recently_proven
@atomic_post
def app_remove(request):
    """Ask, then remove the app."""
    app = Authenticator.objects.filter(user=request.user).first()
    if app is None:
        return redirect("second_factor:factors")
    return _remove(request, app, "app_removed", "the authenticator app")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@recently_proven
@atomic_post
def passkey_remove(request, passkey_id):
    """Ask, then remove a passkey."""
    passkey = get_object_or_404(passkeys_of(request.user), pk=passkey_id)
    return _remove(request, passkey, "passkey_removed", f"the passkey {passkey.name}")


@require_POST
@login_required
@recently_proven
@atomic_post
@never_cache
def recovery_codes(request):
    """Replace the recovery codes, and show the new ones once."""
    if not is_enrolled(request.user):
        messages.error(request, "Add an authenticator app or a passkey first.")
        return redirect("second_factor:factors")
    with record_factors(request.user, request.user, "recovery_codes_created", request=request):
        texts = RecoveryCode.objects.replace(request.user)
    return render(request, "second_factor/recovery_codes.html", {"codes": texts})


def _added(request, texts, message):
    """Show the recovery codes of the first factor, and end the other sessions."""
    proof.complete(request.session)
    messages.success(request, message)
    if not texts:
        return redirect("second_factor:factors")
    # They have shown a password only. This session gets a row of its own when it is saved.
    request.user.sessions.exclude(session_key=request.session.session_key).end()
    return render(request, "second_factor/recovery_codes.html", {"codes": texts})


def _passkey_refused(request, reason):
    messages.error(request, f"The passkey was not added: {reason}")
    return redirect("second_factor:factors")


def _remove(request, factor, action, name):
    user = request.user
    last = passkeys_of(user).count() + Authenticator.objects.filter(user=user).count() == 1
    kept = last and is_required(user)
    if request.method != "POST" or kept:
        context = {"name": name, "last": last, "kept": kept}
        return render(
            request,
            "second_factor/remove.html",
            context,
            status=422 if request.method == "POST" else 200,
        )
    with record_factors(user, user, action, request=request):
        factor.delete()
        remove_if_last(user)
    messages.success(request, f"Removed {name}.")
    return redirect("second_factor:factors")
