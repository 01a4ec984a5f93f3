# Collects the release's static files for the web server, with ./manage.py collectstatic.
#
# A browser that loaded a page before a switch requests its style sheets after the switch, and the same
# happens in a rollback. So the recipe links files with a hash in their name from the live release into
# this one, and from this one into the live one. Files of earlier releases stay for a month.
#
# MANAGE_DIRECTORY          the directory of the release that has manage.py, such as src (.)
# ENV_FILE                  a file of the release with lines NAME=value, such as .env: ./manage.py gets
#                           them as environment variables, unless they are set; it is never sourced
# STATIC_DIRECTORY          the directory of the release with the collected files (static, or
#                           MANAGE_DIRECTORY/static)
# DJANGO_SETTINGS_MODULE    if .env on the host does not name it
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${MANAGE_DIRECTORY=}" "${ENV_FILE=}" "${STATIC_DIRECTORY=}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE MANAGE_DIRECTORY ENV_FILE \
    STATIC_DIRECTORY ${DJANGO_SETTINGS_MODULE+DJANGO_SETTINGS_MODULE}; cat <<'END'
# piece: enter-release
# piece: manage
trap 'echo "  next: ${login:-cd ${PWD@Q}}  # correct the error of manage.py in $REMOTE_HOST:$PWD, then resume the push" >&2' ERR
"${manage[@]}" collectstatic --noinput </dev/null
cd "$release"
static_directory=${STATIC_DIRECTORY:-static}
if [ -z "$STATIC_DIRECTORY" ] && [ ! -d static ]; then static_directory=${MANAGE_DIRECTORY:-.}/static; fi
live=$REMOTE_DIRECTORY/current/$static_directory
if [ -d "$live" ] && [ -d "$static_directory" ] && [ ! "$live" -ef "$static_directory" ]; then
    hashed=(-type f -regextype posix-extended -regex '.*\.[0-9a-f]{12}\.[^/]+')
    wanted=(-mtime -30)
    # Files that the live release has collected itself are newer than its ve.
    ve=$REMOTE_DIRECTORY/current/ve
    if [ -e "$ve" ]; then wanted=("(" -mtime -30 -o -newer "$ve" ")"); fi
    link_into() {  # not cp --no-clobber: some versions fail if the file exists
        while IFS= read -r -d '' file; do
            [ -e "$1/$file" ] || cp --parents --link "$file" "$1"
        done
    }
    static=$PWD/$static_directory
    (cd "$live" && find . "${hashed[@]}" "${wanted[@]}" -print0 | link_into "$static")
    cd "$static"
    find . "${hashed[@]}" -print0 | link_into "$live"
fi
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
