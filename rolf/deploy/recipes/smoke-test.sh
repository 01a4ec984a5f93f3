# Asks the site for what must work, on the server itself: ./manage.py smoketest, main/smoke.py.
#
# SMOKE_URL    where the server reaches the site (http://127.0.0.1)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${SMOKE_URL=http://127.0.0.1}"
{ declare -p REMOTE_DIRECTORY SMOKE_URL; cat <<'END'
cd "$REMOTE_DIRECTORY/current"
./manage.py smoketest "$SMOKE_URL" </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
