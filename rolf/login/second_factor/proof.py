"""What a session has shown of its user: the password when it began, and the second factor."""

from datetime import timedelta

from django.utils.dateparse import parse_datetime

from database import clock

KEY = "second_factor"
RECENT = timedelta(minutes=15)


def begin(session):
    """Note that a password, or a central login, has just opened the session."""
    session[KEY] = {"shown": clock.now().isoformat(), "complete": False}


def complete(session):
    """Note that the user has just shown the second factor. The session gets a new key."""
    session.cycle_key()
    session[KEY] = {"shown": clock.now().isoformat(), "complete": True}


def renew(session):
    """Note that the user has just shown the password again."""
    session[KEY] = {**session.get(KEY, {}), "shown": clock.now().isoformat()}


def is_complete(session):
    """Return whether the session has its second factor."""
    return session.get(KEY, {}).get("complete", False)


def is_recent(session):
    """Return whether the user showed the last of it in the last 15 minutes."""
    shown = parse_datetime(session.get(KEY, {}).get("shown", ""))
    return shown is not None and clock.now() - shown < RECENT
