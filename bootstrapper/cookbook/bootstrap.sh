# Builds the release's virtualenv on the host with ./bootstrap.py, from its vendored files, offline.
#
# REMOTE_PYTHON       the host's Python for it, as a path or a command: python3.11
# MANAGE_DIRECTORY    the directory that has bootstrap.py, if the release itself has none
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${REMOTE_PYTHON=}" "${MANAGE_DIRECTORY=}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE REMOTE_PYTHON MANAGE_DIRECTORY; cat <<'END'
# piece: enter-release
if [ ! -f bootstrap.py ] && [ -f "./$MANAGE_DIRECTORY/bootstrap.py" ]; then
    cd "./$MANAGE_DIRECTORY"
fi
if [ ! -f bootstrap.py ]; then
    echo "$REMOTE_HOST:$PWD: no bootstrap.py" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # add a stage that sends it before this one, such as rsync-release" >&2
    exit 1
fi
if [ -z "$REMOTE_PYTHON" ]; then
    ./bootstrap.py </dev/null
elif python=$(command -v "$REMOTE_PYTHON"); then
    "$python" bootstrap.py --python "$python" </dev/null
else
    echo "$REMOTE_HOST: there is no $REMOTE_PYTHON" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct REMOTE_PYTHON, or install it on that host" >&2
    exit 1
fi
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
