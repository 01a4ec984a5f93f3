# Updates Drupal's database and configuration with drush deploy; once, on the first host.
#
# drush deploy runs updatedb, config:import, cache:rebuild and deploy:hook in the order that Drush
# recommends. A rollback does not undo it.
#
# DRUSH        the command (vendor/bin/drush)
# DRUSH_URI    the address of the site, if one Drupal serves several
#
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${DRUSH=vendor/bin/drush}" "${DRUSH_URI=}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE DRUSH DRUSH_URI; cat <<'END'
# piece: enter-release
trap 'echo "  next: ${login:-cd ${PWD@Q}}  # run $DRUSH status in $REMOTE_HOST:$PWD, correct its errors, then resume the push" >&2' ERR
read -ra drush <<<"$DRUSH"
"${drush[@]}" deploy --yes ${DRUSH_URI:+--uri="$DRUSH_URI"} </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
