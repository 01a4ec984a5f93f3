# Runs ./manage.py smoketest on the server, which requests the most important pages of the site. On a
# machine that has only a worker, it checks that the worker runs this release.
#
# SMOKE_URL       the site's address on the server itself (http://127.0.0.1)
# WORKER_HOSTS    those of REMOTE_HOSTS that have a worker and no web server
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${SMOKE_URL=http://127.0.0.1}" "${WORKER_HOSTS=}"
command=(smoketest "$SMOKE_URL")
case " $WORKER_HOSTS " in *" $REMOTE_HOST "*) command=(worker --check) ;; esac
{ declare -p REMOTE_DIRECTORY command; cat <<'END'
cd "$REMOTE_DIRECTORY/current"
./manage.py "${command[@]}" </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
