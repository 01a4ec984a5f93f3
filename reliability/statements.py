"""How many statements PostgreSQL carries out, and which (pg_stat_statements)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from reliability.installation import DATABASE
from tests.support.postgresql import PostgreSQL

# Kinds of statements: the first whose words are all in the text.
KINDS: Mapping[str, tuple[str, ...]] = {
    "transactions and savepoints": ("SAVEPOINT",),
    "BEGIN": ("BEGIN",),
    "COMMIT": ("COMMIT",),
    "ROLLBACK": ("ROLLBACK",),
    "output of pushes is stored": ("INSERT INTO", "pushes_logchunk"),
    "rows of pushes change": ("UPDATE", "pushes_push"),
    "heartbeats of workers": ("UPDATE", "worker_worker"),
    "workers are read": ("worker_worker",),
    "logs are read": ("pushes_logchunk",),
    "pushes are read": ("pushes_push",),
    "sessions": ("session",),
    "users and permissions": ("accounts_",),
    "deployments": ("deployments_",),
    "the audit log": ("audit_",),
    "the clock": ("clock_timestamp",),
}


@dataclass(frozen=True)
class Counted:
    """The statements of a time, by kind, for each second."""

    seconds: float
    by_kind: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Statements for each second."""
        return sum(self.by_kind.values())


def count(postgresql: PostgreSQL, seconds: float) -> Counted:
    """Count for a time, without our own statements."""
    sql = postgresql.sql
    sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", DATABASE)
    sql("SELECT pg_stat_statements_reset()", DATABASE)
    begun = time.monotonic()
    time.sleep(seconds)
    rows = sql(
        "SELECT calls, replace(replace(query, chr(10), ' '), '|', ' ') FROM pg_stat_statements "
        "JOIN pg_database ON pg_database.oid = dbid "
        f"WHERE datname = '{DATABASE}' AND query NOT LIKE '%pg_stat_statements%'",
        DATABASE,
    )
    took = time.monotonic() - begun
    found: dict[str, float] = {}
    for row in rows.splitlines():
        calls, _, text = row.partition("|")
        kind = next(
            (kind for kind, words in KINDS.items() if all(word in text for word in words)), "others"
        )
        found[kind] = found.get(kind, 0.0) + int(calls) / took
    return Counted(took, found)
