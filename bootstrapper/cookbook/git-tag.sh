# Tags the pushed commit in REPOSITORY, as push-DEPLOYMENT-NUMBER: what a rollback returns to.
#
# The tag tells who pushed and why. A push that is resumed finds its own tag there and is content.
# In a rollback nothing is tagged: the commit has its tag.
#
# needs: REPOSITORY
cd "$CHECKOUT_DIR"
if [ -n "$ROLLBACK_URL" ]; then
    echo "ROLLBACK_URL=$ROLLBACK_URL" >>"$ROLF_OUTPUT"
    echo "$ROLLBACK_URL is its tag already"
    exit
fi
export GIT_TERMINAL_PROMPT=0 GIT_DIR=.git
export GIT_COMMITTER_NAME=${PUSH_UNI:-nobody} GIT_COMMITTER_EMAIL=${PUSH_UNI:-nobody}@$HOSTNAME
if [ ! -e .git ] && [ -z "$PUSH_COMMIT" ]; then
    echo "$CHECKOUT_DIR: no git checkout, and no stage has told which commit is pushed" >&2
    echo "  next: git-clone or git-archive has to be a stage before git-tag" >&2
    exit 1
elif [ ! -e .git ]; then  # a checkout without a repository has one here just for this
    GIT_DIR=$(mktemp -d)
    trap 'rm -rf "$GIT_DIR"' EXIT
    git init --quiet --bare --template= "$GIT_DIR"
    git fetch --quiet --no-tags --depth=1 "$REPOSITORY" "$PUSH_COMMIT" 2>/dev/null ||
        git fetch --quiet --no-tags "$REPOSITORY" "${PUSH_REF:-HEAD}"
fi

tag=push-${DEPLOYMENT//[^A-Za-z0-9._-]/-}-$ROLF_PUSH_ID
git tag --annotate --force --no-sign --cleanup=verbatim "$tag" "${PUSH_COMMIT:-HEAD}" \
    --message="push $ROLF_PUSH_ID of $DEPLOYMENT by $PUSH_UNI

$PUSH_COMMENT" >/dev/null
commit=$(git rev-parse "$tag^{commit}")
if ! said=$(git push --quiet "$REPOSITORY" "refs/tags/$tag" 2>&1); then
    # What an annotated tag points to is listed after it.
    there=$(git ls-remote "$REPOSITORY" "refs/tags/$tag" "refs/tags/$tag^{}" | tail -n 1 | cut -f 1)
    if [ "$there" != "$commit" ]; then
        echo "$said" >&2
        if [ -n "$there" ]; then
            echo "$REPOSITORY: the tag $tag exists, at $there, and this push is of $commit" >&2
            echo "  next: git push $REPOSITORY :refs/tags/$tag, if nobody needs it" >&2
        else
            echo "  next: see that this user may push tags to $REPOSITORY, then: resume" >&2
        fi
        exit 1
    fi
fi
echo "ROLLBACK_URL=$tag" >>"$ROLF_OUTPUT"
echo "$tag at ${commit:0:12}"
