# Builds in the checkout, with BUILD_COMMAND, what git does not hold: a WAR, style sheets, modules.
#
# The command runs in bash on the deploying machine, which needs the programs that it calls. What it
# makes is sent with the release, so this stage comes before rsync-release, and after unit-tests, which
# removes such files.
#
# needs: BUILD_COMMAND
cd "$CHECKOUT_DIR"
if ! bash -eo pipefail -c "$BUILD_COMMAND" </dev/null; then
    echo "BUILD_COMMAND: failed in $CHECKOUT_DIR; its errors are above" >&2
    echo "  next: cd ${CHECKOUT_DIR@Q}  # has the files; correct the error, commit, push again" >&2
    exit 1
fi
echo "ran BUILD_COMMAND"
