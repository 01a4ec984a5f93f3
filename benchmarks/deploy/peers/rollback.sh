#!/usr/bin/env bash
# A rollback as a plain script: switch to the release before the last, touch.
set -euo pipefail

ssh -F "$SSH_CONFIG" "$HOST" "
    cd $TARGET/releases
    ln -s releases/\$(ls | tail -n 2 | head -n 1) ../current.new
    mv -T ../current.new ../current
    touch ../current/apache/django.wsgi"
