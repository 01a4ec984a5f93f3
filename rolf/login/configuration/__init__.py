"""The settings of the login, from the environment. The settings load it: it imports no model."""

from importlib import import_module

from django.core.exceptions import ImproperlyConfigured

from .groups import group_mapping

# The methods, in the order in which a password is checked. Each has a module beside this one, with
# `settings(env)`, and one in login/methods, with a back end `Backend` and a `METHOD`.
METHODS = ("local", "remote_user", "ldap", "oidc", "cas")
LINKS = ("none", "people", "all")


def login_settings(env):
    """Return the settings as a dictionary. Raise ImproperlyConfigured, which names the fault."""
    chosen = _one_of(env.list("LOGIN_METHODS", default=["local"]), "LOGIN_METHODS", METHODS)
    if not chosen:
        raise ImproperlyConfigured(
            "LOGIN_METHODS is empty. Write LOGIN_METHODS=local into .env, or remove the line."
        )
    [link] = _one_of([env("LOGIN_LINK", default="none")], "LOGIN_LINK", LINKS)
    # Local accounts always have their back end: a local superuser can log in whatever is chosen.
    used = [name for name in METHODS if name in chosen or name == "local"]
    found = {
        "LOGIN_METHODS": chosen,
        "LOGIN_LINK": link,
        "LOGIN_GROUPS": group_mapping(env),
        "LOGIN_CONFIRM_WITHIN": _seconds(env, "LOGIN_CONFIRM_WITHIN", 15 * 60),
        "LOGIN_PROVIDER_AWAY": _seconds(env, "LOGIN_PROVIDER_AWAY", 60 * 60),
        "LOGIN_APPS": [],
        "LOGIN_MIDDLEWARE": [],
        "AUTHENTICATION_BACKENDS": [f"login.methods.{name}.Backend" for name in used],
        "SESSION_ENGINE": "login.session_store",
    }
    for name in ("second_factor", *chosen):
        if name != "local":
            part = import_module(f"{__name__}.{name}").settings(env)
            # A part may need applications and middleware, which the settings append to theirs.
            for listed in ("LOGIN_APPS", "LOGIN_MIDDLEWARE"):
                found[listed] = found[listed] + part.pop(listed, [])
            found |= part
    return found


def _one_of(values, setting, known):
    values = [value.strip() for value in values if value.strip()]
    for value in values:
        if value not in known:
            raise ImproperlyConfigured(
                f'{setting}: "{value}" is not one of {", ".join(known)}. Change it in .env.'
            )
    return values


def _seconds(env, setting, default):
    try:
        seconds = env.int(setting, default=default)
    except ValueError:
        seconds = 0
    if seconds < 1:
        raise ImproperlyConfigured(f"{setting} is a number of seconds, such as {default}.")
    return seconds
