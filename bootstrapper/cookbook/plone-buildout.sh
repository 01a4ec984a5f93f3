# Builds the release's Plone on the host with buildout, offline and without newer versions.
#
# BUILDOUT           the command (bin/buildout of the release, else of its virtualenv)
# BUILDOUT_CONFIG    its file (buildout.cfg)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${BUILDOUT=}" "${BUILDOUT_CONFIG=buildout.cfg}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE BUILDOUT BUILDOUT_CONFIG; cat <<'END'
# piece: enter-release
buildout=(bin/buildout)
if [ ! -x bin/buildout ]; then buildout=(ve/bin/buildout); fi
if [ -n "$BUILDOUT" ]; then read -ra buildout <<<"$BUILDOUT"; fi
if ! command -v "${buildout[0]}" >/dev/null || [ ! -f "$BUILDOUT_CONFIG" ]; then
    echo "$REMOTE_HOST:$PWD: no ${buildout[0]}, or no $BUILDOUT_CONFIG" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct BUILDOUT or BUILDOUT_CONFIG" >&2
    exit 1
fi
trap 'echo "  next: ${login:-cd ${PWD@Q}}  # correct the error of buildout in $REMOTE_HOST:$PWD, then resume the push" >&2' ERR
# With -o alone, buildout and its pip still ask the index for missing packages.
export PIP_NO_INDEX=1
"${buildout[@]}" -N -o -c "$BUILDOUT_CONFIG" buildout:index=file:///nowhere </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
