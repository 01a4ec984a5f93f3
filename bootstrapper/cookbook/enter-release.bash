cd "$REMOTE_DIRECTORY"
REMOTE_DIRECTORY=$PWD  # the setting may name it from the home directory on
# piece: umask
if [ -d "releases/$RELEASE" ]; then cd "releases/$RELEASE"; fi
