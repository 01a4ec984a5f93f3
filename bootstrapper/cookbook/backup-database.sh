# Backs up the database before migrate changes it, once, on the first host: into shared/backups/.
#
# Which database is asked of the release's settings: SQLite's own way of copying a live file, and
# pg_dump for PostgreSQL, which gets the password by its environment. The backup has its name only
# when it is complete.
#
# BACKUP_COMMAND            instead, for another one: what it prints is the backup
# KEEP_BACKUPS              how many are kept (5)
# DJANGO_SETTINGS_MODULE    if .env on the host doesn't say
#
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${BACKUP_COMMAND=}" "${KEEP_BACKUPS=5}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE BACKUP_COMMAND KEEP_BACKUPS \
    ${DJANGO_SETTINGS_MODULE+DJANGO_SETTINGS_MODULE}; cat <<'END'
umask 077
mkdir -p "$REMOTE_DIRECTORY/shared/backups"
cd "$REMOTE_DIRECTORY"
backups=$PWD/shared/backups
if [ -d "releases/$RELEASE" ]; then cd "releases/$RELEASE"; fi
export BACKUP=$backups/.push-$RELEASE.partial
trap 'rm -f "$BACKUP" "$BACKUP-journal"
    echo "$REMOTE_HOST:$PWD: the database is not backed up" >&2
    echo "  next: mend what it says above, then: python -m bootstrapper resume" >&2' ERR
rm -f "$BACKUP"
if [ -n "$BACKUP_COMMAND" ]; then
    suffix=backup
    bash -eo pipefail -c "$BACKUP_COMMAND" >"$BACKUP" </dev/null
    [ -s "$BACKUP" ] || { echo "BACKUP_COMMAND printed nothing" >&2; false; }
else
    suffix=$(./manage.py shell --verbosity 0 --command "$(cat <<'PYTHON'
import os, sqlite3, subprocess, sys
from contextlib import closing
from django.db import connection
backup, settings = os.environ["BACKUP"], connection.settings_dict
if connection.vendor == "sqlite":
    if os.path.exists(settings["NAME"]):
        with closing(sqlite3.connect(settings["NAME"])) as live, \
                closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)
    print("sqlite3")
elif connection.vendor == "postgresql":
    words, environment = connection.client.settings_to_cmd_args_env(settings, [])
    subprocess.run(["pg_dump", "--format=custom", "--file", backup, *words[1:]], check=True,
                   env={**os.environ, **(environment or {})})
    print("pg_dump")
else:
    sys.exit(f"{connection.vendor} can't be backed up so: set BACKUP_COMMAND")
PYTHON
    )" </dev/null)
fi
if [ ! -e "$BACKUP" ]; then
    echo "there is no database yet, so nothing to back up"
    exit
fi
mv "$BACKUP" "$backups/push-$RELEASE.$suffix"
echo "$backups/push-$RELEASE.$suffix, $(stat -c %s "$backups/push-$RELEASE.$suffix") bytes"
cd "$backups"
ls -t | grep '^push-[0-9]*\.' | tail -n "+$((KEEP_BACKUPS + 1))" | xargs -r rm -f --
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
