# Touches the WSGI file of the live release, so that mod_wsgi restarts with the new code.
#
# If the project has an apache/reload, as the template does, the recipe runs it instead: it restarts
# Apache's processes one after the other, so that no visitor waits.
#
# Apache reads its configuration as root, so root has a copy of the one in the release. The stage prints
# the commands for root if the two differ, or if users other than root can change the copy.
#
# WSGI_FILE        its path in the project (apache/django.wsgi)
# APACHE_CONFIG    root's copy (/etc/apache2/sites-available/NAME.conf, if it exists and NAME is the
#                  last part of REMOTE_DIRECTORY)
# APACHE_SOURCE    the original of the copy, a path in the project (apache/DEPLOYMENT.conf)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${WSGI_FILE=apache/django.wsgi}" "${APACHE_CONFIG=}" "${APACHE_SOURCE=apache/$DEPLOYMENT.conf}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY WSGI_FILE APACHE_CONFIG APACHE_SOURCE; cat <<'END'
cd "$REMOTE_DIRECTORY"
# piece: umask
if [ -e current ]; then cd current; fi
if [ ! -f "$WSGI_FILE" ]; then
    echo "$REMOTE_HOST:$PWD: no $WSGI_FILE, so Apache will not load the new code" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct WSGI_FILE" >&2
    exit 1
fi
compare_apache() {
    local copy=$APACHE_CONFIG fault=
    if [ -z "$copy" ]; then
        copy=/etc/apache2/sites-available/$(basename "$REMOTE_DIRECTORY").conf
        [ -e "$copy" ] || copy=/etc/apache2/sites-enabled/${copy##*/}
        [ -e "$copy" ] || return 0
    fi
    [ -f "$APACHE_SOURCE" ] || return 0
    if [ ! -e "$copy" ]; then
        fault="there is no $copy"
    elif [ "$(stat -Lc %u "$copy")" != 0 ] || [ "$(find -L "$copy" -perm /022)" ] ||
        [ "$(stat -c %u "$(dirname "$(readlink -f "$copy")")")" != 0 ]; then
        fault="users other than root can change $copy, and Apache reads it as root"
    elif [ ! -r "$copy" ]; then
        fault="$copy cannot be read, so it may be out of date"
    elif ! cmp -s "$APACHE_SOURCE" "$copy"; then
        fault="$copy differs from this release's $APACHE_SOURCE"
    fi
    [ -n "$fault" ] || return 0
    echo "$REMOTE_HOST: $fault; Apache keeps its present configuration"
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}cat ${PWD@Q}/${APACHE_SOURCE@Q}  # read it, then run as root on that host:"
    echo "    install -o root -g root -m 644 ${PWD@Q}/${APACHE_SOURCE@Q} ${copy@Q}"
    echo "    apachectl configtest && systemctl reload apache2"
} >&2
compare_apache

if [ -f apache/reload ]; then
    if [ -x apache/reload ]; then exec apache/reload </dev/null; fi
    # A project that was unpacked from a zip has lost its execute bits.
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
