"""A database that does not answer, in words that say what to do next."""

import traceback

from django.db import connections


def unreachable(error):
    """Return what to do about an OperationalError, or None where the database was reached."""
    # Where every backend of Django opens its connection.
    calls = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    if "get_new_connection" not in calls:
        return None
    connection = connections["default"]
    name, host = (str(connection.settings_dict[key]) for key in ("NAME", "HOST"))
    if connection.vendor != "postgresql":
        fix = "see that DATABASE_URL in .env is right, and that this user may read and write there"
    elif host and not host.startswith("/"):
        fix = f"see that the server at {host} answers and has it, or mend DATABASE_URL in .env"
    else:
        fix = (
            f"createdb {name}, or start the server first (systemctl start postgresql); "
            "for no server at all, write into .env: DATABASE_URL=sqlite:///data/db.sqlite3"
        )
    return f"database {name}: {str(error).strip()}\n  next: {fix}"
