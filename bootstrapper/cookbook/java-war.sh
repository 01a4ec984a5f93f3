# Gives the release's web application, WAR, to a servlet container: into its directory WEBAPPS.
#
# By one rename, so Tomcat never unpacks half of it. WAR is a path in the release; what builds it
# in the checkout is a stage before rsync-release.
#
# WAR_NAME    its name there, which is the application's path for Tomcat (the name of the file)
#
# per-host
# switches
# from-release
# needs: REMOTE_HOST REMOTE_DIRECTORY WAR WEBAPPS
: "${WAR_NAME=${WAR##*/}}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE WAR WEBAPPS WAR_NAME; cat <<'END'
war=$REMOTE_DIRECTORY/releases/$RELEASE/$WAR
if [ ! -s "$war" ] || [ ! -d "$WEBAPPS" ]; then
    echo "$REMOTE_HOST: no $([ -s "$war" ] && echo "$WEBAPPS" || echo "$war")" >&2
    echo "  next: correct WAR and WEBAPPS in deploy/deployments.toml, or build it before" >&2
    exit 1
fi
partial=$WEBAPPS/.$WAR_NAME.partial
trap 'rm -f "$partial"' EXIT
cp "$war" "$partial"
chmod 644 "$partial"
mv -T "$partial" "$WEBAPPS/$WAR_NAME"
echo "$WEBAPPS/$WAR_NAME is that of release $RELEASE"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
