# Sends the checkout over REMOTE_DIRECTORY itself, without releases, as Rolf did in 2010.
#
# It deletes files there that the checkout does not have, but not what the site keeps beside its code:
# .env, ve, data, media, static, shared, releases, current, previous, pushes.log and .deploy.
#
# If the checkout has a directory where the host has a link, the link stays if it leads out of
# REMOTE_DIRECTORY or to what the site keeps, such as media -> /srv/media. Nothing behind such a link is
# written or deleted, and the recipe reports it. A link to the project's own files is replaced.
#
# SHARED_PATHS    more paths to keep, as words: "web/files private"
#
# per-host
# switches
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${SHARED_PATHS=}"
# piece: shared-paths
cd "$CHECKOUT_DIR"
if [ -z "$(ls -A)" ]; then
    echo "$PWD: empty; sending it would delete all files in $REMOTE_HOST:$REMOTE_DIRECTORY" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # add a stage that fills it before this one, such as git-clone" >&2
    exit 1
fi
# piece: rsync
own=(.env ve static shared releases current previous pushes.log .deploy)
kept=(data media "${shared[@]%/}")
mapfile -d '' -t paths < <(find . -mindepth 1 -name .git -prune -o -type d -printf '%P\0')
paths=("${kept[@]}" "${paths[@]}")
# The host answers with numbers: names may contain any character.
output=$({ declare -p REMOTE_HOST REMOTE_DIRECTORY mark own kept paths; cat <<'END'
(umask 022; mkdir -p "$REMOTE_DIRECTORY")
cd "$REMOTE_DIRECTORY"
# piece: umask
top=$(pwd -P)
is_kept() {
    local name
    for name in "${kept[@]}"; do case $1/ in "$name"/*) return ;; esac; done
    return 1
}
leads_outside() {
    local name to
    to=$(readlink -m "$top/$1")
    case $to in "$top"/*) to=${to#"$top"/} ;; *) return ;; esac
    for name in "${own[@]}"; do case $to/ in "$name"/*) return ;; esac; done
    is_kept "$to"
}
stay=
for index in "${!paths[@]}"; do
    path=${paths[index]}
    if [ -L "$top/$path" ]; then
        is_kept "$path" || leads_outside "$path" || continue
        echo "$REMOTE_HOST: $path is a link on the host and stays; no file is sent into it" >&2
    elif [ ! -f "$top/$path" ] || ! is_kept "$path"; then
        continue
    fi
    stay+=" $index"
done
echo "$mark"
umask
echo "$stay"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail) || {
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: cannot be written" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}ls -ld ${REMOTE_DIRECTORY@Q}  # correct the error above, then resume the push" >&2
    exit 1
}
{ read -r umask; read -r -a stay || true; } <<<"${output##*"$mark"$'\n'}"

# In a pattern without a wildcard, rsync takes a backslash literally.
pattern() { case $1 in *[*?[]*) sed 's/[][\\*?]/\\&/g' <<<"$1" ;; *) printf '%s\n' "$1" ;; esac; }
filters=(--exclude=.git --exclude='/.ve.*' --exclude=__pycache__)
for name in "${own[@]}"; do filters+=(--exclude="/$name"); done
for index in "${stay[@]}"; do filters+=(--exclude="/$(pattern "${paths[index]}")"); done
for path in "${kept[@]}"; do
    filters+=(--filter="protect /$(pattern "$path")" --filter="protect /$(pattern "$path")/***")
done

# --delay-updates shortens the time in which visitors see old and new files mixed.
stats=$(rsync --recursive --links --perms --chmod="$(modes "$umask")" --checksum \
    --delete-delay --delay-updates --stats "${filters[@]}" --secluded-args \
    ./ "$REMOTE_HOST:$REMOTE_DIRECTORY/") || {
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: some files were not sent; rsync ended with status $?" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}df -h ${REMOTE_DIRECTORY@Q}  # correct the error of rsync above, then resume the push" >&2
    exit 1
}
sed -n 's/^Number of regular files transferred: \(.*\)/\1 changed files/p' <<<"$stats"
