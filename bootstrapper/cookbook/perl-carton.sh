# Installs the release's Perl modules into its local/, as cpanfile.snapshot lists them.
#
# If the project has vendor/cache (carton bundle), the recipe installs from there, without a network.
#
# CARTON    the command (carton)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
: "${CARTON=carton}"
{ declare -p REMOTE_HOST REMOTE_DIRECTORY RELEASE CARTON; cat <<'END'
# piece: enter-release
if [ ! -f cpanfile.snapshot ]; then
    echo "$REMOTE_HOST:$PWD: no cpanfile.snapshot, which names the modules to install" >&2
    echo "  next: carton install  # in the project; commit cpanfile.snapshot, then push again" >&2
    exit 1
fi
trap 'echo "  next: ${login:-cd ${PWD@Q}}  # correct the error of carton in $REMOTE_HOST:$PWD, then resume the push" >&2' ERR
read -ra carton <<<"$CARTON"
cached=()
if [ -d vendor/cache ]; then cached=(--cached); fi
"${carton[@]}" install --deployment "${cached[@]}" </dev/null
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
