# Exports REPOSITORY, a Subversion address, into CHECKOUT_DIR at its newest revision.
#
# A rollback to this push exports that revision again. Passwords are those that svn has stored.
#
# needs: REPOSITORY
export LC_ALL="${LANG:-C.UTF-8}"  # without a locale svn takes names in ASCII alone
cd "$CHECKOUT_DIR"
find . -mindepth 1 -delete
trap 'echo "  next: svn info $REPOSITORY, as this user, says whether it can be read" >&2' ERR

address=$ROLLBACK_URL
if [ -z "$address" ]; then
    address=$REPOSITORY@$(svn info --non-interactive --show-item revision "$REPOSITORY@")
fi
svn export --quiet --force --non-interactive "$address" .
printf '%s\n' "PUSH_COMMIT=${address##*@}" "ROLLBACK_URL=$address" >>"$ROLF_OUTPUT"
echo "revision ${address##*@} of ${address%@*}"
