# Switches the link `current` to the release, by one rename: visitors then see the release.
#
# The link `previous` then points to the release that was live before. The stage builds nothing, so a
# rollback is as fast.
#
# per-host
# switches
# from-release
# needs: REMOTE_HOST REMOTE_DIRECTORY
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE; cat <<'END'
cd "$REMOTE_DIRECTORY"
# piece: umask
release=releases/$RELEASE
fault=
if [ ! -d "$release" ]; then
    fault="there is no $release"
elif [ -e "$release/bootstrap.py" ] && [ ! -x "$release/ve/bin/python" ]; then
    fault="$release has no working ve"
elif [ -e current ] && [ ! -L current ]; then
    fault="current is not a link"
fi
if [ -n "$fault" ]; then
    echo "$REMOTE_HOST:$REMOTE_DIRECTORY: $fault; the live release is unchanged" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # check the stages, then push again" >&2
    exit 1
fi
previous=$(readlink current) || true
if [ "$previous" = "$release" ]; then
    echo "current is $release already"
    exit
fi
switch() { ln -sfn "$1" ".$2.new" && mv -T ".$2.new" "$2"; }
if [ -n "$previous" ]; then switch "$previous" previous; fi
switch "$release" current
echo "current is $release${previous:+, and was $previous}"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
