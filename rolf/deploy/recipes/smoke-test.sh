# Runs ./manage.py smoketest on the server, which requests the most important pages of the site.
#
# SMOKE_URL    the site's address on the server itself (http://127.0.0.1)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${SMOKE_URL=http://127.0.0.1}"
{ declare -p REMOTE_DIRECTORY SMOKE_URL; cat <<'END'
cd "$REMOTE_DIRECTORY/current"
./manage.py smoketest "$SMOKE_URL" </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
