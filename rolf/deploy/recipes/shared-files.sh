# Makes what outlives releases, in shared/ on the server: data, media and .env with the secret key.
#
# The first push does, later ones change nothing that is there; rsync-release links it into each
# release. Of several hosts the first gets it: copy its shared/ to the others, once.
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
# The key is made here and travels nowhere. The link is made of a whole file, and never over another.
key=$(head -c 48 /dev/urandom | base64 -w 0 | tr +/ -_)
sed -e "s|^SECRET_KEY=.*|SECRET_KEY=$key|" \
    -e "s|^#*DJANGO_SETTINGS_MODULE=.*|DJANGO_SETTINGS_MODULE=$SETTINGS_MODULE|" \
    <<<"$example" >".env.$$"
ln ".env.$$" .env || true
rm ".env.$$"
echo "made $REMOTE_DIRECTORY/shared/.env with a secret key of its own; keep a copy in your backup"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
