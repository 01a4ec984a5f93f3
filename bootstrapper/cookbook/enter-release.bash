cd "$REMOTE_DIRECTORY"
REMOTE_DIRECTORY=$PWD  # the setting may be relative to the home directory
# piece: umask
if [ -d "releases/$RELEASE" ]; then cd "releases/$RELEASE"; fi
