# Creates shared/ on the server, with data/, media/ and .env, which all releases share.
#
# The first push creates them, and later pushes change nothing. The stage rsync-release links them
# into each release. With several hosts, only the first gets them: copy its shared/ to the others.
#
# needs: REMOTE_HOST REMOTE_DIRECTORY SETTINGS_MODULE
example=$(cat .env.example)
{ declare -p REMOTE_DIRECTORY SETTINGS_MODULE example; cat <<'END'
mkdir -p "$REMOTE_DIRECTORY/shared"
cd "$REMOTE_DIRECTORY/shared"
mkdir -p -m 700 data
mkdir -p media
if [ -e .env ] || [ -L .env ]; then exit; fi
umask 077
# The server generates its own key. ln links a complete file, and never replaces an existing one.
key=$(head -c 48 /dev/urandom | base64 -w 0 | tr +/ -_)
sed -e "s|^SECRET_KEY=.*|SECRET_KEY=$key|" \
    -e "s|^#*DJANGO_SETTINGS_MODULE=.*|DJANGO_SETTINGS_MODULE=$SETTINGS_MODULE|" \
    <<<"$example" >".env.$$"
ln ".env.$$" .env || true
rm ".env.$$"
echo "made $REMOTE_DIRECTORY/shared/.env with a new secret key; keep a copy in your backup"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
