"""Put an account into the groups that its provider names, and take it out of those it left.

Rolf changes only the memberships that it made itself. A membership that a superuser gave stays, and
so does everybody in a group that a superuser made, unless the settings name that group: a provider
cannot put people into a group of Rolf because somebody gave an outside group the same name.
"""

import logging

from django.conf import settings
from django.db import transaction

import audit
from accounts.models import Group
from history.models import Change, record_change

from .models import Identity, ManagedGroup

logger = logging.getLogger("rolf.login")


@transaction.atomic
def set_groups(identity, outside):
    """Make the account a member of exactly the mapped ones among the outside groups.

    Returns the names of the groups that it joined, and of those that it left.
    """
    # Two logins at the same moment come one after the other.
    identity = Identity.objects.select_for_update().select_related("user").get(pk=identity.pk)
    user = identity.user
    wanted = {}
    for name in sorted(settings.LOGIN_GROUPS.inside(outside)):
        if managed := _managed(name, identity):
            wanted[managed.pk] = managed
    held = {each.pk: each for each in identity.managed.select_related("group")}
    if wanted.keys() == held.keys():
        return [], []
    joined, left = [], []
    with record_change(None, user, by_name=_by(identity)):
        for managed in (wanted[pk] for pk in wanted if pk not in held):
            if _join(identity, managed):
                joined.append(managed.group.name)
        for managed in (held[pk] for pk in held if pk not in wanted):
            if _leave(identity, managed):
                left.append(managed.group.name)
    return joined, left


def _join(identity, managed):
    """Make the account a member; return whether it was none."""
    user, group = identity.user, managed.group
    is_member = user.groups.filter(pk=group.pk).exists()
    if is_member and not managed.identities.filter(user=user).exists():
        return False  # a superuser made the person a member
    managed.identities.add(identity)
    if is_member:
        return False  # another provider of the same person names the group, too
    user.groups.add(group)
    _record(identity, group, "joined")
    return True


def _leave(identity, managed):
    """End the membership unless another provider gives it, too; return whether it ended."""
    user, group = identity.user, managed.group
    managed.identities.remove(identity)
    if managed.identities.filter(user=user).exists():
        return False
    if not user.groups.filter(pk=group.pk).exists():
        return False  # a superuser has ended it
    user.groups.remove(group)
    _record(identity, group, "left")
    return True


def _managed(name, identity):
    """Return the ManagedGroup of that name; None if a superuser made a group of that name."""
    found = ManagedGroup.objects.select_related("group").filter(group__name=name).first()
    if found:
        return found
    group, created = Group.objects.get_or_create(name=name)
    if created:
        Change.objects.create(
            by_name=_by(identity), kind="group", name=name, after=group.history_fields()
        )
    elif not settings.LOGIN_GROUPS.is_explicit(name):
        logger.warning(
            "%s is in an outside group that would be %s here; a superuser made that group, "
            "so its members stay as they are. Name it in LOGIN_GROUPS_RENAME to fill it.",
            identity,
            name,
        )
        return None
    return ManagedGroup.objects.get_or_create(group_id=group.pk)[0]


def _record(identity, group, verb):
    """Record in the group's history that the account joined or left it.

    A list of all members with each change would grow with the square of their number.
    """
    name = identity.user.get_username()
    Change.objects.create(
        by_name=_by(identity),
        kind="group",
        name=group.name,
        before={"name": group.name},
        after={"name": group.name, verb: name},
    )
    action = "group.added" if verb == "joined" else "group.removed"
    audit.record(action, user=identity.user, target=group.name, method=identity.method)


def _by(identity):
    return f"central login ({identity.method})"
