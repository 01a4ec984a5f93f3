# Collects the release's static files for the web server, by ./manage.py collectstatic.
#
# Files with a hash in their name that the live release serves are kept for a month: a page that
# a browser has had before the switch asks for them after it.
#
# DJANGO_SETTINGS_MODULE    if .env on the host doesn't say
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE \
    ${DJANGO_SETTINGS_MODULE+DJANGO_SETTINGS_MODULE}; cat <<'END'
cd "$REMOTE_DIRECTORY"
if [ -d "releases/$RELEASE" ]; then cd "releases/$RELEASE"; fi
trap 'echo "  next: mend what ./manage.py says in $REMOTE_HOST:$PWD, then: resume" >&2' ERR
./manage.py collectstatic --noinput </dev/null
live=$REMOTE_DIRECTORY/current/static
if [ -d "$live" ] && [ -d static ] && [ ! "$live" -ef static ]; then
    static=$PWD/static
    cd "$live"
    find . -type f -mtime -30 -regextype posix-extended -regex '.*\.[0-9a-f]{12}\.[^/]+' -print0 |
        xargs -0r cp --parents --link --no-clobber --target-directory="$static"
fi
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
