"""Messages for errors that need no traceback, because something outside the code is wrong."""

import shlex
import traceback
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

from .environment import DOTENV

SETTINGS = Path(__file__).resolve().parent / "settings"


def message_for(error):
    """Return a message that ends in the next command, or None if the code may be at fault."""
    if isinstance(error, ImproperlyConfigured) and "\n  next: " in str(error):
        return str(error)
    if isinstance(error, (ImproperlyConfigured, KeyError, ValueError)):
        return _settings_message(error)
    if isinstance(error, OperationalError):
        return _connection_message(error)
    return None


def _settings_message(error):
    """Return a message if a value of .env or the environment is wrong: the settings raised it."""
    calls = traceback.extract_tb(error.__traceback__)
    lines = [call for call in calls if Path(call.filename).parent == SETTINGS]
    if not lines:
        return None
    where = f"{lines[-1].filename}:{lines[-1].lineno}: {lines[-1].line}"
    fault = f"{type(error).__name__}: {error}\n  at {where}"
    if isinstance(error, ImproperlyConfigured):
        fault = str(error)
    return f"{fault}\n  next: ${{EDITOR:-vi}} {shlex.quote(str(DOTENV))}"


def _connection_message(error):
    """Return a message if the database could not be reached, and None if it could."""
    # Every database backend of Django opens its connection in this method.
    calls = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    if "get_new_connection" not in calls:
        return None
    connection = connections["default"]
    name, host = (str(connection.settings_dict[key]) for key in ("NAME", "HOST"))
    edit = f"  next: ${{EDITOR:-vi}} {shlex.quote(str(DOTENV))}  # correct DATABASE_URL"
    if connection.vendor != "postgresql":
        hint = f"{edit}, or let this user write to that directory"
    elif host and not host.startswith("/"):
        hint = f"{edit}, or start the server at {host}"
    elif "does not exist" in str(error):
        hint = f"  next: createdb {shlex.quote(name)}"
    else:
        hint = (
            "  SQLite needs no server: write DATABASE_URL=sqlite:///data/db.sqlite3 into .env\n"
            "  next: sudo systemctl start postgresql"
        )
    return f"database {name}: {str(error).strip()}\n{hint}"
