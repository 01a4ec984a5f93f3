# Puts the release's web application WAR into Tomcat's directory WEBAPPS, by one rename.
#
# WAR is a path in the release; a stage before rsync-release builds it in the checkout. The stage then
# waits until Tomcat has unpacked the new WAR, because Tomcat serves the old application until it notices
# the change. If Tomcat does not unpack the WAR, the recipe puts the previous WAR back and the stage
# fails. Whether the application starts is for smoke-test to find out.
#
# WAR_NAME       its name in WEBAPPS, which sets the application's path (the name of the file)
# WAR_TIMEOUT    how many seconds the stage waits for Tomcat (60); 0 does not wait, for a container
#                that does not unpack a WAR into WEBAPPS
#
# per-host
# switches
# from-release
# needs: REMOTE_HOST REMOTE_DIRECTORY WAR WEBAPPS
: "${WAR_NAME=${WAR##*/}}" "${WAR_TIMEOUT=60}"
invalid=
case $WAR_NAME in */* | .* | -*) invalid=1 ;; *.war) ;; *) invalid=1 ;; esac
if [ -n "$invalid" ]; then
    echo "WAR_NAME: ${WAR_NAME@Q} is not the name of a file that ends in .war" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct WAR_NAME or WAR" >&2
    exit 1
fi
if [[ ! $WAR_TIMEOUT =~ ^[0-9]{1,6}$ ]]; then
    echo "WAR_TIMEOUT: ${WAR_TIMEOUT@Q} is not a number of seconds" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct WAR_TIMEOUT" >&2
    exit 1
fi
WAR_TIMEOUT=$((10#$WAR_TIMEOUT))
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE WAR WEBAPPS WAR_NAME WAR_TIMEOUT; cat <<'END'
war=$REMOTE_DIRECTORY/releases/$RELEASE/$WAR
if [ ! -s "$war" ] || [ ! -d "$WEBAPPS" ]; then
    echo "$REMOTE_HOST: no $([ -s "$war" ] && echo "$WEBAPPS" || echo "$war")" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct WAR or WEBAPPS, or build the WAR in an earlier stage" >&2
    exit 1
fi
live=$WEBAPPS/$WAR_NAME
unpacked=${live%.war}
tracker=$unpacked/META-INF/war-tracker
partial=$WEBAPPS/.$WAR_NAME.partial
previous=$WEBAPPS/.$WAR_NAME.previous
trap 'rm -f "$partial" "$previous"' EXIT

install() {  # by one rename: Tomcat must not unpack half of a WAR
    # Tomcat compares the times of two WARs, in whole seconds on some systems.
    while [ "$(stat -c %Y "$live" 2>/dev/null || true)" = "$(date +%s)" ]; do sleep 0.1; done
    # The site's user can write here: cp must not follow a link to one of this login's files.
    (umask 022; cp --remove-destination "$1" "$partial")
    mv -T "$partial" "$live"
}
is_unpacked() {  # then the file war-tracker has the modification time of the WAR
    if [ -x "$unpacked" ] || [ ! -d "$unpacked" ]; then
        [ "$(stat -c %Y "$tracker" 2>/dev/null)" = "$(stat -c %Y "$live")" ]
    else  # not readable for this user; Tomcat creates the directory again for each WAR
        [ "$unpacked" -nt "$live" ]
    fi
}
wait_for_tomcat() {
    local until=$((SECONDS + WAR_TIMEOUT))
    until is_unpacked; do
        [ "$SECONDS" -lt "$until" ] || return 1
        sleep 0.2
    done
}

rm -f "$previous"
if [ -e "$live" ]; then cp -p --remove-destination "$live" "$previous"; fi
install "$war"
if [ "$WAR_TIMEOUT" = 0 ]; then
    echo "$live comes from release $RELEASE"
elif wait_for_tomcat; then
    echo "Tomcat has unpacked $live of release $RELEASE"
else
    echo "$REMOTE_HOST: Tomcat has not unpacked $live in $WAR_TIMEOUT s" >&2
    if [ -e "$previous" ]; then
        install "$previous"
        if wait_for_tomcat; then
            echo "  the previous WAR is back, and Tomcat has unpacked it" >&2
        else
            echo "  the previous WAR is back, but Tomcat has not unpacked it" >&2
        fi
    else
        rm -f "$live"
    fi
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    logs=$(dirname "$WEBAPPS")/logs
    echo "  next: ${ssh}ls -t ${logs@Q}  # read Tomcat's log: the WAR must be valid, Tomcat needs" \
        "autoDeploy and unpackWARs, and WEBAPPS must be its directory" >&2
    exit 1
fi
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
