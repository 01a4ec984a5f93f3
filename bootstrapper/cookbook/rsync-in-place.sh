# Sends the checkout into REMOTE_DIRECTORY itself, over what is live: the way of 2010, no releases.
#
# What the checkout doesn't have is deleted there, but for what the site keeps beside its code:
# .env, ve, data, media, static, shared, releases, current, previous, pushes.log and .deploy.
#
# SHARED_PATHS    more that is kept, as words: "web/files private"
#
# per-host
# switches
# needs: REMOTE_HOST REMOTE_DIRECTORY
cd "$CHECKOUT_DIR"
if [ -z "$(ls -A)" ]; then
    echo "$PWD: empty, and would empty $REMOTE_HOST:$REMOTE_DIRECTORY" >&2
    echo "  next: a stage before this one has to fill it, such as git-clone" >&2
    exit 1
fi
filters=(--exclude=.git --exclude='/.ve.*' --exclude=__pycache__)
for name in .env ve static shared releases current previous pushes.log .deploy; do
    filters+=(--exclude="/$name")
done
read -ra kept <<<"data media ${SHARED_PATHS-}"
for path in "${kept[@]}"; do filters+=(--filter="protect /$path/***"); done

# --delay-updates: visitors see a mixture of old and new for an instant, not for the whole time.
directory=\'${REMOTE_DIRECTORY//\'/\'\\\'\'}\'
stats=$(rsync --recursive --links --perms --chmod=D755,Fu=rwX,Fgo=rX --checksum \
    --delete-delay --delay-updates --stats "${filters[@]}" --secluded-args \
    --rsync-path="mkdir -p $directory && cd $directory && rsync" ./ "$REMOTE_HOST:./") || {
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: not all could be sent, rsync's status is $?" >&2
    echo "  next: mend what rsync says above, then: python -m bootstrapper resume" >&2
    exit 1
}
sed -n 's/^Number of regular files transferred: \(.*\)/\1 files have changed/p' <<<"$stats"
