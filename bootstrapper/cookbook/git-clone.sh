# Clones REPOSITORY into CHECKOUT_DIR: the commit that is pushed, without history, with submodules.
#
# In a rollback that is the commit of the tag to return to. A password for the repository belongs
# into a file of git's own (git help credentials): the words of a command are shown by ps.
#
# needs: REPOSITORY
# resolves: git
cd "$CHECKOUT_DIR"
shopt -s dotglob nullglob
for left in *; do rm -rf -- "$left"; done
export GIT_TERMINAL_PROMPT=0  # nobody is there to type a password
trap 'echo "  next: git ls-remote $REPOSITORY, as this user, shows what can be fetched" >&2' ERR

# What is fetched for one push need neither outlast a power cut nor be kept tidy.
fetch=(git -c core.fsync=none -c maintenance.auto=false fetch --quiet --no-tags --depth=1)
commit=$PUSH_COMMIT
ref=${ROLLBACK_URL:+refs/tags/$ROLLBACK_URL}
ref=${ref:-${PUSH_REF:-HEAD}}
git init --quiet --template= .
git remote add origin "$REPOSITORY"
if [[ -z $commit || $commit != "$ref"* ]]; then
    "${fetch[@]}" "$REPOSITORY" "$ref"
    commit=${commit:-$(git rev-parse 'FETCH_HEAD^{commit}')}
fi
# The branch may have moved on since. Not every server hands out a commit by its name alone.
if ! git checkout --quiet --detach "$commit" 2>/dev/null; then
    "${fetch[@]}" "$REPOSITORY" "$commit" 2>/dev/null ||
        "${fetch[@]}" --tags --depth=2147483647 "$REPOSITORY" '+refs/heads/*:refs/remotes/origin/*'
    git checkout --quiet --detach "$commit"
fi
if [ -e .gitmodules ]; then
    git submodule --quiet update --init --recursive --depth=1 ||
        git submodule --quiet update --init --recursive
fi
echo "PUSH_COMMIT=$commit" >>"$ROLF_OUTPUT"
git log -1 --date=short --format='%h %s (%an, %ad)'
