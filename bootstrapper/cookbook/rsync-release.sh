# Sends the checkout to the host as releases/NUMBER, except files that the live release has.
#
# The release has another name until it is complete, so no command takes half a release for a complete
# one; a resumed push sends what is missing. Then the recipe links what is in shared/ into the release.
# The directories data and media move to shared/ from the first release that has them.
#
# SHARED_PATHS      link these paths and no others: "data web/files .env db.sqlite3"
# RELEASE_SOURCE    the directory of the checkout to send (all of it)
#
# A shared path that the first release has, a file or a directory, moves to shared/. A path that does
# not exist yet is a file if its last name has a dot (.env, app.ini, db.sqlite3): the release gets a
# link, and the application creates the file. Otherwise it is a directory. A slash at the end makes it
# a directory in any case (conf.d/). Put a file without a dot into shared/ by hand first.
#
# Every user can read a release, whatever the umasks are. If REMOTE_DIRECTORY belongs to a group
# (chmod g+ws), its members push in turn, and can write everything that pushes create.
#
# With REMOTE_HOST = ".", a machine without rsync uses tar and cp.
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${SHARED_PATHS=}" "${RELEASE_SOURCE=.}"
# piece: shared-paths
cd "$CHECKOUT_DIR/$RELEASE_SOURCE"
if [ -z "$(ls -A)" ]; then
    echo "$PWD: empty, so there is nothing to send" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # add a stage that fills it before this one, such as git-clone" >&2
    exit 1
fi
# piece: rsync
output=$({ declare -p REMOTE_DIRECTORY RELEASE mark; cat <<'END'
(umask 022; mkdir -p "$REMOTE_DIRECTORY")
cd "$REMOTE_DIRECTORY"
# piece: umask
mkdir -p releases shared
cd releases
# A link of our own to the live release: rsync does not follow a link of another user.
live=$(readlink -f ../current || true)
case $live in "$(pwd -P)"/*) live=${live##*/} ;; *) live=. ;; esac
ln -sfn "$live" .base
for partial in .*.partial .*.gone; do
    case $partial in ".$RELEASE.partial" | ".*"*) continue ;; esac
    # Only its owner may be able to remove it.
    rm -rf "$partial" 2>/dev/null ||
        echo "releases/$partial: left by $(stat -c %U "$partial"), who has to remove it" >&2
done
mkdir -p ".$RELEASE.partial"
echo "$mark"
umask
END
} | ssh "$REMOTE_HOST" bash -eo pipefail) || {
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: no release can be created" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}ls -ld ${REMOTE_DIRECTORY@Q}  # correct the error above, then resume the push" >&2
    exit 1
}

# Every file of a checkout is new, so rsync compares contents and not times.
status=0
if [ "$REMOTE_HOST" = . ] && ! type -P rsync >/dev/null; then
# piece: copy-here
else
    stats=$(rsync --recursive --links --perms --chmod="$(modes "${output##*"$mark"$'\n'}")" --checksum \
        --delete --stats --exclude=.git --exclude=/ve --exclude='/.ve.*' --exclude=/.deploy \
        --exclude=__pycache__ --link-dest=../.base/ --secluded-args \
        ./ "$REMOTE_HOST:$REMOTE_DIRECTORY/releases/.$RELEASE.partial/") || status=$?
fi
if [ $status = 11 ]; then  # the disk is full: free the space for the live site
    { declare -p REMOTE_DIRECTORY RELEASE; echo 'rm -rf "$REMOTE_DIRECTORY/releases/.$RELEASE.partial"'
    } | ssh "$REMOTE_HOST" bash
fi
if [ $status != 0 ]; then
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: some files were not sent; ${sender-rsync} ended with status $status" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}df -h ${REMOTE_DIRECTORY@Q}  # correct the error above, then resume the push" >&2
    exit 1
fi

{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE SHARED_PATHS; cat <<'END'
cd "$REMOTE_DIRECTORY"
REMOTE_DIRECTORY=$PWD  # the setting may be relative to the home directory
# piece: umask
cd "releases/.$RELEASE.partial"
# piece: link-shared
cd ..
if [ "$(readlink ../current)" = "releases/$RELEASE" ]; then
    echo "$REMOTE_HOST:$PWD/$RELEASE is live and stays as it is" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}ls -l ${REMOTE_DIRECTORY@Q}  # push again: a new push creates another release" >&2
    exit 1
fi
rm -rf "$RELEASE"  # from this push, before it was resumed
mv -T ".$RELEASE.partial" "$RELEASE"
if [ -e "$RELEASE/.env.example" ] && [ ! -e ../shared/.env ]; then
    echo "there is no $REMOTE_DIRECTORY/shared/.env yet; it holds the settings of this host"
fi
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
if [[ $stats =~ reg:\ ([0-9,]*[0-9]).*transferred:\ ([0-9,]+).*sent:\ ([0-9,]+) ]]; then
    files="${BASH_REMATCH[1]} files, ${BASH_REMATCH[2]} of them sent"
    echo "releases/$RELEASE: $files (${BASH_REMATCH[3]} bytes)"
fi
