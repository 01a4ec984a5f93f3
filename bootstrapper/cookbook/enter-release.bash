cd "$REMOTE_DIRECTORY"
REMOTE_DIRECTORY=$PWD  # the setting may be relative to the home directory
case ${REMOTE_HOST-.} in .) login= ;; *) login="ssh $REMOTE_HOST" ;; esac  # for messages
# piece: umask
if [ -d "releases/$RELEASE" ]; then cd "releases/$RELEASE"; fi
