# Migrates the database with the release's ./manage.py migrate; once, on the first host.
#
# Two pushes never migrate at the same time: a lock on the host makes the second one wait. A rollback
# does not undo migrations, because that can lose data. So write migrations that the release before
# can live with: add a column in one push, and remove the old column in the next.
#
# MIGRATE_WAIT              how many seconds to wait for another migration (600)
# MANAGE_DIRECTORY          the directory of the release that has manage.py, such as src (.)
# ENV_FILE                  a file of the release with lines NAME=value, such as .env: ./manage.py gets
#                           them as environment variables, unless they are set; it is never sourced
# DJANGO_SETTINGS_MODULE    if .env on the host does not name it
#
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${MIGRATE_WAIT=600}" "${MANAGE_DIRECTORY=}" "${ENV_FILE=}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE ROLLBACK_URL MIGRATE_WAIT MANAGE_DIRECTORY \
    ENV_FILE ${DJANGO_SETTINGS_MODULE+DJANGO_SETTINGS_MODULE}; cat <<'END'
# piece: enter-release
mkdir -p "$REMOTE_DIRECTORY/.deploy"
exec 9>>"$REMOTE_DIRECTORY/.deploy/migrate.lock"
if ! flock --nonblock 9; then
    echo "waiting for another migration"
    if ! flock --timeout "$MIGRATE_WAIT" 9; then
        echo "$REMOTE_HOST: another migration has been running for more than $MIGRATE_WAIT s" >&2
        if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
        lock=$REMOTE_DIRECTORY/.deploy/migrate.lock
        echo "  next: ${ssh}fuser -v ${lock@Q}" >&2
        exit 1
    fi
fi
if [ -n "$ROLLBACK_URL" ]; then
    echo "a rollback does not undo migrations; ./manage.py migrate APP NUMBER in the newer release does"
fi
# piece: manage
trap 'echo "  next: ${login:-cd ${PWD@Q}}  # correct the error of manage.py in $REMOTE_HOST:$PWD, then resume the push" >&2' ERR
"${manage[@]}" migrate --noinput </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
