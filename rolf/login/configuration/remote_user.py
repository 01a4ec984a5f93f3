"""The settings of REMOTE_USER, from the environment (docs/rolf-login.md, "REMOTE_USER")."""

from django.core.exceptions import ImproperlyConfigured


def settings(env):
    """Return the settings. Raise ImproperlyConfigured, which names the fault."""
    variables = {
        name: env(name, default="")
        for name in ("REMOTE_USER_GROUPS", "REMOTE_USER_FULL_NAME", "REMOTE_USER_EMAIL")
    }
    for name, variable in variables.items():
        # Each client sets such variables by its headers.
        if variable.upper().startswith("HTTP_"):
            raise ImproperlyConfigured(
                f"{name}={variable} is a header of the client. Name a variable that Apache sets; "
                "for a proxy, set REMOTE_USER_SECRET (docs/rolf-login.md)."
            )
    return {
        "LOGIN_MIDDLEWARE": ["login.methods.remote_user.remote_user_middleware"],
        "REMOTE_USER_SECRET": env("REMOTE_USER_SECRET", default=""),
        "REMOTE_USER_SEPARATOR": env("REMOTE_USER_SEPARATOR", default=";"),
        **variables,
    }
