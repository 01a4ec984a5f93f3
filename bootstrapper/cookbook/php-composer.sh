# Installs the release's PHP packages on the host: those of composer.lock for production.
#
# COMPOSER    the command (composer): "php composer.phar"
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${COMPOSER=composer}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE COMPOSER; cat <<'END'
# piece: enter-release
if [ ! -f composer.lock ]; then
    echo "$REMOTE_HOST:$PWD: no composer.lock, which names the packages to install" >&2
    echo "  next: composer update  # in the project; commit composer.lock, then push again" >&2
    exit 1
fi
trap 'echo "  next: ${login:-cd ${PWD@Q}}  # correct the error of composer in $REMOTE_HOST:$PWD, then resume the push" >&2' ERR
read -ra composer <<<"$COMPOSER"
unset COMPOSER  # Composer itself reads this variable: it is the name of composer.json
"${composer[@]}" install --no-dev --no-interaction --prefer-dist --optimize-autoloader </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
