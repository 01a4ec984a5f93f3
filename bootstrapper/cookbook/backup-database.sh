# Saves the database into shared/backups/ before migrate changes it; once, on the first host.
#
# The recipe reads from the release's settings which database it is. It copies SQLite with SQLite's own
# backup of a live file, and calls pg_dump for PostgreSQL, with the password in its environment. A backup
# gets its name only when it is complete. Old backups are removed in the order of their pushes; the new
# one never is.
#
# BACKUP_COMMAND            for another database: the backup is what this command prints
# KEEP_BACKUPS              how many to keep, the new one included, or all (5)
# MANAGE_DIRECTORY          the directory of the release that has manage.py, such as src (.)
# ENV_FILE                  a file of the release with lines NAME=value, such as .env: ./manage.py gets
#                           them as environment variables, unless they are set; it is never sourced
# DJANGO_SETTINGS_MODULE    if .env on the host does not name it
#
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${BACKUP_COMMAND=}" "${KEEP_BACKUPS:=5}" "${MANAGE_DIRECTORY=}" "${ENV_FILE=}"
if [[ ! $KEEP_BACKUPS =~ ^(all|0*[1-9][0-9]{0,8})$ ]]; then
    echo "KEEP_BACKUPS: '$KEEP_BACKUPS' is neither a number from 1 on nor all; nothing was done" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct KEEP_BACKUPS" >&2
    exit 1
fi
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE BACKUP_COMMAND KEEP_BACKUPS MANAGE_DIRECTORY \
    ENV_FILE ${DJANGO_SETTINGS_MODULE+DJANGO_SETTINGS_MODULE}; cat <<'END'
# piece: enter-release
mkdir -p "$REMOTE_DIRECTORY/shared"
case $(umask) in 0002) umask 007 ;; *) umask 077 ;; esac  # only the deploying users may read it
backups=$REMOTE_DIRECTORY/shared/backups
mkdir -p "$backups"
export BACKUP=$backups/.push-$RELEASE.partial KIND=$backups/.push-$RELEASE.kind
trap 'rm -f "$BACKUP" "$BACKUP-journal" "$KIND"
    echo "$REMOTE_HOST:$PWD: the database is not backed up" >&2
    echo "  next: ${login:-cd ${PWD@Q}}  # correct the error above, then resume the push" >&2' ERR
rm -f "$BACKUP" "$KIND"
if [ -n "$BACKUP_COMMAND" ]; then
    suffix=backup
    bash -eo pipefail -c "$BACKUP_COMMAND" >"$BACKUP" </dev/null
    [ -s "$BACKUP" ] || { echo "BACKUP_COMMAND printed nothing" >&2; false; }
else
    # piece: manage
    # The kind goes through a file: a project's settings may print to standard output.
    "${manage[@]}" shell --verbosity 0 --command "$(cat <<'PYTHON'
import os, sqlite3, subprocess, sys
from contextlib import closing
from pathlib import Path
from django.db import connection
backup, settings = os.environ["BACKUP"], connection.settings_dict
if connection.vendor == "sqlite":
    kind = "sqlite3"
    if os.path.exists(settings["NAME"]):
        try:
            with closing(sqlite3.connect(settings["NAME"])) as live, \
                    closing(sqlite3.connect(backup)) as copy:
                live.backup(copy)
        except sqlite3.Error as error:
            sys.exit(f"{settings['NAME']}: {error}")
elif connection.vendor == "postgresql":
    kind = "pg_dump"
    words, environment = connection.client.settings_to_cmd_args_env(settings, [])
    try:
        status = subprocess.run(
            ["pg_dump", "--format=custom", "--file", backup, *words[1:]], check=False,
            env={**os.environ, **(environment or {})}).returncode
    except OSError as error:
        sys.exit(f"pg_dump: {error.strerror}; it is in Debian's postgresql-client")
    if status:
        sys.exit(f"pg_dump ended with status {status}")
else:
    sys.exit(f"{connection.vendor} is neither SQLite nor PostgreSQL: set BACKUP_COMMAND")
Path(os.environ["KIND"]).write_text(kind)
PYTHON
    )" </dev/null
    suffix=$(cat "$KIND")
    rm -f "$KIND"
fi
if [ ! -e "$BACKUP" ]; then
    echo "there is no database yet, so there is nothing to back up"
    exit
fi
cd "$backups"
mv "$BACKUP" "push-$RELEASE.$suffix"
trap - ERR
echo "$PWD/push-$RELEASE.$suffix, $(stat -c %s "push-$RELEASE.$suffix") bytes"
if [ "$KEEP_BACKUPS" = all ]; then exit; fi
# The newest first, by number: clocks may have been wrong. A number above this push's dates from
# before the host's history was lost.
for file in push-*; do
    if [[ $file =~ ^push-([0-9]+)\.[a-z0-9_]+$ ]] && ((10#${BASH_REMATCH[1]} != 10#$RELEASE)); then
        printf '%d %s %s\n' $((10#${BASH_REMATCH[1]} > 10#$RELEASE)) "${BASH_REMATCH[1]}" "$file"
    fi
done | sort -k1,1n -k2,2nr | tail -n "+$((10#$KEEP_BACKUPS))" | while read -r _ _ file; do
    rm -f "$file" || echo "shared/backups/$file is not removed; rm says why" >&2
done
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
