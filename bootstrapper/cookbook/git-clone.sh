# Clones REPOSITORY into CHECKOUT_DIR: the commit that is pushed, without history, with submodules.
#
# In a rollback that is the commit of the tag to return to. A password for the repository belongs
# into a file of git's own (git help credentials): the words of a command are shown by ps.
#
# needs: REPOSITORY
# resolves: git
cd "$CHECKOUT_DIR"
find . -mindepth 1 -delete
export GIT_TERMINAL_PROMPT=0  # nobody is there to type a password
trap 'echo "  next: git ls-remote $REPOSITORY, as this user, shows what can be fetched" >&2' ERR

commit=$PUSH_COMMIT
ref=${ROLLBACK_URL:+refs/tags/$ROLLBACK_URL}
ref=${ref:-${PUSH_REF:-HEAD}}
git init --quiet --template= .
git remote add origin "$REPOSITORY"
if [[ -z $commit || $commit != "$ref"* ]]; then
    git fetch --quiet --no-tags --depth=1 origin "$ref"
    commit=${commit:-$(git rev-parse 'FETCH_HEAD^{commit}')}
fi
# The branch may have moved on since. Not every server hands out a commit by its name alone.
git cat-file -e "$commit" 2>/dev/null ||
    git fetch --quiet --no-tags --depth=1 origin "$commit" 2>/dev/null ||
    git fetch --quiet --tags --depth=2147483647 origin
git checkout --quiet --detach "$commit"
if [ -e .gitmodules ]; then
    git submodule --quiet update --init --recursive --depth=1 ||
        git submodule --quiet update --init --recursive
fi
echo "PUSH_COMMIT=$(git rev-parse HEAD)" >>"$ROLF_OUTPUT"
git log -1 --date=short --format='%h %s (%an, %ad)'
