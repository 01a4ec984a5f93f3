# Removes the maintenance page of maintenance-on: visitors see the site again.
#
# per-host
# shows
# needs: REMOTE_HOST REMOTE_DIRECTORY
{ declare -p REMOTE_DIRECTORY; cat <<'END'
rm -f "$REMOTE_DIRECTORY/shared/maintenance.html"
echo "visitors see the site again"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
