# Updates Drupal's database and configuration with drush deploy, once, on the first host.
#
# Drush runs updatedb, config:import, cache:rebuild and deploy:hook. A rollback does not undo them.
#
# DRUSH        the command (vendor/bin/drush)
# DRUSH_URI    the site's address, if one Drupal has several sites
#
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${DRUSH=vendor/bin/drush}" "${DRUSH_URI=}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE DRUSH DRUSH_URI; cat <<'END'
# piece: enter-release
trap 'echo "  next: run $DRUSH status in $REMOTE_HOST:$PWD, correct its errors, then resume the push" >&2' ERR
read -ra drush <<<"$DRUSH"
"${drush[@]}" deploy --yes ${DRUSH_URI:+--uri="$DRUSH_URI"} </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
