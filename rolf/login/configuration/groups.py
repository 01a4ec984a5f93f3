"""The mapping of outside groups, from the environment; login/group_mapping.py describes it."""

import json
import re

from django.core.exceptions import ImproperlyConfigured

from login.group_mapping import GroupMapping


def group_mapping(env):
    """Return the GroupMapping of the settings. Raise ImproperlyConfigured."""
    listed = env("LOGIN_GROUPS_LIST", default="").strip()
    rename = _json(env("LOGIN_GROUPS_RENAME", default="") or "{}", "LOGIN_GROUPS_RENAME")
    if not _is_table(rename):
        raise ImproperlyConfigured(
            'LOGIN_GROUPS_RENAME is a JSON object of names, such as {"web-team": "Web"}.'
        )
    names = _json(listed, "LOGIN_GROUPS_LIST") if listed.startswith("[") else listed.split(",")
    pattern = env("LOGIN_GROUPS_PATTERN", default="")
    try:
        compiled = re.compile(pattern) if pattern else None
    except re.error as error:
        raise ImproperlyConfigured(f"LOGIN_GROUPS_PATTERN: {error}: {pattern}") from None
    return GroupMapping(
        prefix=env("LOGIN_GROUPS_PREFIX", default=""),
        names=frozenset(str(name).strip() for name in names) - {""},
        pattern=compiled,
        rename=rename,
    )


def _json(text, setting):
    try:
        return json.loads(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{setting}: {error}: {text}") from None


def _is_table(value):
    return isinstance(value, dict) and all(isinstance(name, str) for name in value.values())
