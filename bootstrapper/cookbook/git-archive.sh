# Fetches what REPOSITORY has at the branch or tag into CHECKOUT_DIR, as plain files without .git.
#
# The server has to allow `git archive --remote`: by ssh most do, by https none does. Submodules
# are left out, and so is what .gitattributes marks as export-ignore. In a rollback it is the tag
# to return to.
#
# needs: REPOSITORY
# resolves: git
cd "$CHECKOUT_DIR"
find . -mindepth 1 -delete
trap 'echo "  next: git-clone instead of git-archive works with every server" >&2' ERR

ref=${ROLLBACK_URL:-${PUSH_REF:-HEAD}}
git archive --remote="$REPOSITORY" "$ref" >.archive.tar
commit=$(git get-tar-commit-id <.archive.tar)
if [ "$commit" != "${PUSH_COMMIT:-$commit}" ]; then
    rm .archive.tar
    echo "$REPOSITORY: $ref has moved on to $commit, and $PUSH_COMMIT was to be pushed" >&2
    false
fi
tar --extract --file=.archive.tar
rm .archive.tar
echo "PUSH_COMMIT=$commit" >>"$ROLF_OUTPUT"
echo "$ref at $commit"
