"""pg_dump and pg_restore of the version of the server."""

import os
import shutil
import subprocess
from pathlib import Path

from django.db import connections

from .errors import BackupError

# Debian can install several versions, so it keeps them out of PATH.
DEBIAN = Path("/usr/lib/postgresql")


def dump(path, snapshot):
    """Write a dump in PostgreSQL's custom format, of an exported snapshot. Raise BackupError."""
    _run(
        "pg_dump",
        "--format=custom",
        f"--snapshot={snapshot}",
        "--no-owner",
        "--no-privileges",
        f"--file={path}",
    )


def restore(path):
    """Restore a dump into an empty database, in one transaction. Raise BackupError."""
    _run(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={connections['default'].settings_dict['NAME']}",
        str(path),
    )


def _run(name, *words):
    connection = connections["default"]
    settings = {**connection.settings_dict}
    client = connection.client_class
    [_, *address], variables = client.settings_to_cmd_args_env(settings, [])
    if address[-1:] == [settings["NAME"]]:  # the user may have the same name
        address.pop()
    program = _program(name, connection.pg_version // 10_000)
    environment = {**os.environ, **(variables or {}), "PGDATABASE": settings["NAME"] or ""}
    run = subprocess.run(  # noqa: S603
        [program, "--no-password", *address, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise BackupError(f"{name}: {run.stderr.strip()}")


def _program(name, version):
    """Return the path of a program of at least the server's version."""
    debian = DEBIAN / str(version) / "bin" / name
    found = str(debian) if debian.exists() else shutil.which(name)
    if found is None:
        raise BackupError(
            f"{name} is not installed\n  next: sudo apt-get install postgresql-client-{version}"
        )
    return found
