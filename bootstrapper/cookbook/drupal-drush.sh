# Brings Drupal's database and configuration up to date, once, on the first host: drush deploy.
#
# That is updatedb, config:import, cache:rebuild and deploy:hook in the order that Drush wants.
# A rollback does not undo it.
#
# DRUSH        how it is called (vendor/bin/drush)
# DRUSH_URI    the site's address, where one Drupal has several
#
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${DRUSH=vendor/bin/drush}" "${DRUSH_URI=}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE DRUSH DRUSH_URI; cat <<'END'
# piece: enter-release
trap 'echo "  next: $DRUSH status, in $REMOTE_HOST:$PWD; mend what it says, then: resume" >&2' ERR
read -ra drush <<<"$DRUSH"
"${drush[@]}" deploy --yes ${DRUSH_URI:+--uri="$DRUSH_URI"} </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
