#!/usr/bin/env bash
# A push as a plain script, over one shared connection: clone, tag, rsync, switch, touch.
set -euo pipefail

work=$(mktemp -d)
export RSYNC_RSH="ssh -F $SSH_CONFIG -o ControlPath=$work/connection"
trap '$RSYNC_RSH -O exit "$HOST" 2>/dev/null; rm -rf "$work"' EXIT
$RSYNC_RSH -o ControlMaster=yes -o ControlPersist=yes -fN "$HOST"

release=$(date +%Y%m%d%H%M%S%N)
git clone --quiet --depth 1 --branch main "$REPOSITORY" "$work/checkout"
git -C "$work/checkout" tag --annotate --message "push $release" "push-script-$release"
git -C "$work/checkout" push --quiet origin "push-script-$release"
rsync --recursive --links --perms --checksum --mkpath --exclude .git --link-dest ../../current/ \
    "$work/checkout/" "$HOST:$TARGET/releases/$release/"
$RSYNC_RSH "$HOST" "cd $TARGET && ln -s releases/$release current.new && mv -T current.new current"
$RSYNC_RSH "$HOST" "touch $TARGET/current/apache/django.wsgi"
