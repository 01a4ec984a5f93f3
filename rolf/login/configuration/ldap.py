"""The settings of LDAP, from the environment, for django-auth-ldap (docs/rolf-login.md, "LDAP")."""

from contextlib import suppress

from django.core.exceptions import ImproperlyConfigured

GROUP_TYPES = {
    "groupOfNames": "GroupOfNamesType",
    "groupOfUniqueNames": "GroupOfUniqueNamesType",
    "nestedGroupOfNames": "NestedGroupOfNamesType",
    "posixGroup": "PosixGroupType",
    "activeDirectory": "ActiveDirectoryGroupType",
    "nestedActiveDirectory": "NestedActiveDirectoryGroupType",
}
OBJECT_CLASSES = {
    "groupOfNames": "groupOfNames",
    "groupOfUniqueNames": "groupOfUniqueNames",
    "nestedGroupOfNames": "groupOfNames",
    "posixGroup": "posixGroup",
    "activeDirectory": "group",
    "nestedActiveDirectory": "group",
}


def settings(env):
    """Return the settings. Raise ImproperlyConfigured, which names the fault and what to do."""
    try:
        import ldap
        from django_auth_ldap import config

        from .group_search import GroupSearch
    except ImportError as error:
        raise ImproperlyConfigured(
            f"LOGIN_METHODS has ldap, but there is no {error.name}. Remove the # before "
            '"-r login-ldap.in" in requirements/apps.in.\n  next: make vendor && ./bootstrap.py'
        ) from error
    group_type = env("LDAP_GROUP_TYPE", default="groupOfNames")
    if group_type not in GROUP_TYPES:
        raise ImproperlyConfigured(
            f'LDAP_GROUP_TYPE: "{group_type}" is not one of {", ".join(GROUP_TYPES)}.'
        )
    timeout = env.int("LDAP_TIMEOUT", default=5)
    subject = env("LDAP_SUBJECT", default="entryUUID")
    name = env("LDAP_USER_NAME", default="uid")
    options = {
        ldap.OPT_NETWORK_TIMEOUT: timeout,
        ldap.OPT_TIMEOUT: timeout,
        ldap.OPT_REFERRALS: 0,
        ldap.OPT_X_TLS_REQUIRE_CERT: ldap.OPT_X_TLS_DEMAND,
    }
    if authority := env("LDAP_CA_FILE", default=""):
        options[ldap.OPT_X_TLS_CACERTFILE] = authority
    options[ldap.OPT_X_TLS_NEWCTX] = 0  # the last one: it makes use of those before
    return {
        "LDAP_SUBJECT": subject,
        "LDAP_USER_NAME": name,
        "LDAP_FULL_NAME": env("LDAP_FULL_NAME", default="cn"),
        "LDAP_EMAIL": env("LDAP_EMAIL", default="mail"),
        "AUTH_LDAP_SERVER_URI": _addresses(env),
        "AUTH_LDAP_START_TLS": env.bool("LDAP_START_TLS", default=False),
        "AUTH_LDAP_CONNECTION_OPTIONS": options,
        "AUTH_LDAP_BIND_DN": env("LDAP_BIND_DN", default=""),
        "AUTH_LDAP_BIND_PASSWORD": env("LDAP_BIND_PASSWORD", default=""),
        "AUTH_LDAP_USER_SEARCH": config.LDAPSearch(
            _required(env, "LDAP_USER_BASE", "ou=people,dc=example,dc=org"),
            ldap.SCOPE_SUBTREE,
            _user_filter(env, f"({name}=%(user)s)"),
            ["*", subject],
        ),
        "AUTH_LDAP_USER_ATTRLIST": ["*", subject],
        "AUTH_LDAP_GROUP_SEARCH": GroupSearch(
            _required(env, "LDAP_GROUP_BASE", "ou=groups,dc=example,dc=org"),
            ldap.SCOPE_SUBTREE,
            env("LDAP_GROUP_FILTER", default=f"(objectClass={OBJECT_CLASSES[group_type]})"),
        ),
        "AUTH_LDAP_GROUP_TYPE": getattr(config, GROUP_TYPES[group_type])(
            name_attr=env("LDAP_GROUP_NAME", default="cn")
        ),
        # login.accept describes the account; nothing else is changed.
        "AUTH_LDAP_ALWAYS_UPDATE_USER": False,
    }


def _addresses(env):
    found = _required(env, "LDAP_URI", "ldaps://ldap.example.org")
    for each in found.split():
        if not each.startswith(("ldap://", "ldaps://", "ldapi://")):
            raise ImproperlyConfigured(
                f"LDAP_URI: {each} does not begin with ldap(s):// or ldapi://."
            )
    return found


def _user_filter(env, default):
    found = env("LDAP_USER_FILTER", default=default)
    with suppress(TypeError, ValueError):
        if "%(user)s" in found and found % {"user": "ada"}:
            return found
    raise ImproperlyConfigured(
        f"LDAP_USER_FILTER: {found} needs %(user)s, and %% for each other percent sign."
    )


def _required(env, name, example):
    if value := env(name, default="").strip():
        return value
    raise ImproperlyConfigured(f"LOGIN_METHODS has ldap, so .env needs {name}, such as {example}")
