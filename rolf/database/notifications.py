"""Wait for changes of the database without asking it all the time.

On PostgreSQL, triggers of the tables send notifications (NOTIFY), and a `Changes` listens to them.
SQLite shows cheaply whether another connection has changed the file (PRAGMA data_version). With
other databases, every `wait` takes its whole time.
"""

import time
from contextlib import suppress

from django.db import connection, connections

GLANCE = 0.02  # seconds between two looks at SQLite's data_version


class Changes:
    """The changes that a channel announces. Use each in one thread, with the connection of it.

    A notification may be lost, for example while the connection is. So callers look at the
    database from time to time, whatever `wait` returns.
    """

    def __init__(self, channel):
        """Listen to nothing yet. The channel is the name that the triggers notify."""
        self._channel = channel
        self._listening = None  # a connection of its own: a transaction would delay notifications
        self._version = None

    @property
    def notified(self):
        """Whether the database sends notifications. Otherwise `wait` queries it."""
        return connection.vendor == "postgresql"

    def wait(self, seconds):
        """Wait for that many seconds at most. Return whether something may have changed."""
        if self.notified:
            return self._listen(seconds)
        if connection.vendor == "sqlite":
            return self._watch(seconds)
        time.sleep(seconds)
        return True

    def close(self):
        """Close the connection, as before a fork."""
        if self._listening is not None:
            with suppress(Exception):
                self._listening.close()
        self._listening = self._version = None  # another connection counts SQLite's from elsewhere

    def _listen(self, seconds):
        """Wait for a notification. Without a connection, make one; that may have missed some."""
        with connection.wrap_database_errors:
            if self._listening is None:
                parameters = connections[connection.alias].get_connection_params()
                self._listening = connection.get_new_connection(parameters)
                self._listening.autocommit = True
                self._listening.execute(f"LISTEN {self._channel}")
                return True
            try:
                return any(True for _ in self._listening.notifies(timeout=seconds, stop_after=1))
            except BaseException:
                self.close()
                raise

    def _watch(self, seconds):
        """Wait until another connection commits a change."""
        end = time.monotonic() + seconds
        while True:
            with connection.cursor() as cursor:
                [version] = cursor.execute("PRAGMA data_version").fetchone()
            before, self._version = self._version, version
            if version != before:
                return True
            left = end - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(GLANCE, left))


def trigger(name, table, channel, when):
    """Return (SQL, reverse SQL) of a PostgreSQL trigger that notifies a channel of changed rows.

    `when` is an SQL condition on NEW. The notification names the row's key. PostgreSQL joins equal
    notifications of a transaction.
    """
    return (
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {when} THEN PERFORM pg_notify('{channel}', NEW.id::text); END IF;
            RETURN NULL;
        END $$;
        CREATE TRIGGER {name} AFTER INSERT OR UPDATE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )
