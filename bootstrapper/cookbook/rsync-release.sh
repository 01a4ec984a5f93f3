# Sends the checkout to the host, as releases/NUMBER. What the current release has, too, isn't sent.
#
# Until all of it is there it has another name, so nobody takes half a release for a whole one; a
# push that is resumed sends what is missing. Then what stands in shared/ is linked into it. The
# directories data and media move to shared/ from the first release that has them.
#
# SHARED_PATHS      link these and nothing else: "data web/files"
# RELEASE_SOURCE    the directory of the checkout to send (all of it)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${SHARED_PATHS=}" "${RELEASE_SOURCE=.}"
cd "$CHECKOUT_DIR/$RELEASE_SOURCE"
if [ -z "$(ls -A)" ]; then
    echo "$PWD: empty, there is nothing to send" >&2
    echo "  next: a stage before this one has to fill it, such as git-clone" >&2
    exit 1
fi

# The checkout's times are of today: files are compared by what is in them. Modes are git's, which
# knows no others, whatever umask there is here.
directory=\'${REMOTE_DIRECTORY//\'/\'\\\'\'}\'
status=0
stats=$(rsync --recursive --links --perms --chmod=D755,Fu=rwX,Fgo=rX --checksum --delete --stats \
    --exclude=.git --exclude=/ve --exclude='/.ve.*' --exclude=/.deploy --exclude=__pycache__ \
    --link-dest=../.base/ --secluded-args --rsync-path="mkdir -p $directory/releases \
        $directory/shared && cd $directory && ln -sfn \
        \`test -e current && echo ../current || echo .\` releases/.base && rsync" \
    ./ "$REMOTE_HOST:releases/.$RELEASE.partial/") || status=$?
if [ $status = 11 ]; then  # a full disk is needed more by what runs there
    ssh "$REMOTE_HOST" "rm -rf $directory/releases/.$RELEASE.partial"
fi
if [ $status != 0 ]; then
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: not all could be sent, rsync's status is $status" >&2
    echo "  next: mend what rsync says above, then: python -m bootstrapper resume" >&2
    exit 1
fi

{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE SHARED_PATHS; cat <<'END'
cd "$REMOTE_DIRECTORY"
REMOTE_DIRECTORY=$PWD  # it may be given from the home directory on
cd shared
shopt -s dotglob nullglob
shared=(data media *)
if [ -n "$SHARED_PATHS" ]; then read -ra shared <<<"$SHARED_PATHS"; fi
cd "../releases/.$RELEASE.partial"
for path in "${shared[@]}"; do
    case $path in
        backups | maintenance.html) continue ;;  # of other recipes
        /* | .. | ../* | */.. | */../*)
            echo "SHARED_PATHS: $path is not inside of a release" >&2
            echo "  next: correct it in deploy/deployments.toml" >&2
            exit 1 ;;
    esac
    there=$REMOTE_DIRECTORY/shared/$path
    if [ ! -e "$there" ]; then
        [ -d "$path" ] || [ -n "$SHARED_PATHS" ] || continue
        mkdir -p "$(dirname "$there")"
        if [ -d "$path" ] && [ ! -L "$path" ]; then mv "$path" "$there"; else mkdir "$there"; fi
    fi
    rm -rf "$path"
    mkdir -p "$(dirname "$path")"
    ln -sr "$there" "$path"
done
cd ..
if [ "$(readlink ../current)" = "releases/$RELEASE" ]; then
    echo "$REMOTE_HOST:$PWD/$RELEASE is what visitors see; it stays as it is" >&2
    echo "  next: push again, which makes another release" >&2
    exit 1
fi
rm -rf "$RELEASE"  # of this push itself, before it was resumed
mv -T ".$RELEASE.partial" "$RELEASE"
rm -rf .*.partial
if [ -e "$RELEASE/.env.example" ] && [ ! -e ../shared/.env ]; then
    echo "there is no $REMOTE_DIRECTORY/shared/.env yet, which says what differs on this host"
fi
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
if [[ $stats =~ reg:\ ([0-9,]*[0-9]).*transferred:\ ([0-9,]+).*sent:\ ([0-9,]+) ]]; then
    files="${BASH_REMATCH[1]} files, ${BASH_REMATCH[2]} of them sent"
    echo "releases/$RELEASE: $files (${BASH_REMATCH[3]} bytes)"
fi
