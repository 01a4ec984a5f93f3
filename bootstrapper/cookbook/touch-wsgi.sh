# Touches the WSGI file of what is live: mod_wsgi then runs the code anew.
#
# A project's apache/reload is run instead, where there is one: its processes take turns, so that no
# visitor waits. The template has one.
#
# WSGI_FILE    its path in the project (apache/django.wsgi)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${WSGI_FILE=apache/django.wsgi}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY WSGI_FILE; cat <<'END'
cd "$REMOTE_DIRECTORY"
if [ -e current ]; then cd current; fi
if [ ! -f "$WSGI_FILE" ]; then
    echo "$REMOTE_HOST:$PWD: no $WSGI_FILE, so nothing loads the new code" >&2
    echo "  next: correct WSGI_FILE in deploy/deployments.toml" >&2
    exit 1
fi
if [ -f apache/reload ]; then
    if [ -x apache/reload ]; then exec apache/reload </dev/null; fi
    # A project that came out of a zip has lost its execute bits.
    IFS= read -r first <apache/reload || :
    if [[ $first == '#!'* ]]; then
        read -ra interpreter <<<"${first#'#!'}"
        exec "${interpreter[@]}" apache/reload </dev/null
    fi
fi
touch "$WSGI_FILE"
echo "touched $(pwd -P)/$WSGI_FILE"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
