#!/usr/bin/env bash
# The push of push.sh to many hosts at the same time: what this machine can do at best.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
release=$(date +%Y%m%d%H%M%S%N)
git clone --quiet --depth 1 --branch main "$REPOSITORY" "$work/checkout"
git -C "$work/checkout" tag --annotate --message "push $release" "push-fleet-$release"
git -C "$work/checkout" push --quiet origin "push-fleet-$release"

push() {
    export RSYNC_RSH="ssh -F $SSH_CONFIG -o ControlPath=$work/$1"
    $RSYNC_RSH -o ControlMaster=yes -o ControlPersist=yes -fN "$1"
    rsync --recursive --links --perms --checksum --mkpath --exclude .git --link-dest ../../current/ \
        "$work/checkout/" "$1:$TARGET/releases/$release/"
    $RSYNC_RSH "$1" "cd $TARGET && ln -s releases/$release new && mv -T new current"
    $RSYNC_RSH "$1" "touch $TARGET/current/apache/django.wsgi"
    $RSYNC_RSH -O exit "$1" 2>/dev/null
}

for host in $HOSTS; do push "$host" & done
for host in $HOSTS; do wait -n; done
