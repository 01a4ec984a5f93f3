"""The settings of the second factor, from the environment (docs/rolf-second-factor.md)."""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

CHOICES = ("off", "optional", "superusers", "everybody")
PASSKEYS = "login.second_factor.passkeys"


def settings(env):
    """Return the settings. Raise ImproperlyConfigured, which names the fault.

    LOGIN_SECOND_FACTOR says which local accounts must have one: with "optional", nobody must. It is
    empty where it is off.
    """
    chosen = env("LOGIN_SECOND_FACTOR", default="off")
    if chosen not in CHOICES:
        raise ImproperlyConfigured(
            f'LOGIN_SECOND_FACTOR: "{chosen}" is not one of {", ".join(CHOICES)}. '
            "Change it in .env."
        )
    if chosen == "off":
        return {"LOGIN_SECOND_FACTOR": ""}
    if not has_libraries():
        raise ImproperlyConfigured(
            f"LOGIN_SECOND_FACTOR is {chosen}, but its libraries are not installed. Remove the # "
            'before "-r login-second-factor.in" in requirements/apps.in.\n'
            "  next: make vendor && ./bootstrap.py"
        )
    return {"LOGIN_SECOND_FACTOR": chosen, **parts(env)}


def has_libraries():
    """Return whether the installation has chosen requirements/login-second-factor.in."""
    return all(find_spec(name) for name in ("django_otp", "django_otp_webauthn", "segno"))


def parts(env):
    """Return the applications, the middleware and the settings of the libraries."""
    domain = env("SITE_DOMAIN", default="rolf.example.org")
    return {
        "LOGIN_APPS": ["django_otp", "django_otp_webauthn", "login.second_factor"],
        "LOGIN_MIDDLEWARE": ["login.second_factor.middleware.SecondFactorMiddleware"],
        "OTP_WEBAUTHN_HELPER_CLASS": f"{PASSKEYS}.Ceremony",
        "OTP_WEBAUTHN_RP_ID_CALLABLE": f"{PASSKEYS}.host_name",
        "OTP_WEBAUTHN_RP_NAME": "Rolf",
        # The library's check asks for it. The origin is that of the request, see passkeys.py.
        "OTP_WEBAUTHN_ALLOWED_ORIGINS": [f"https://{domain}"],
        "OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN": False,
    }
