# Tags the pushed commit in REPOSITORY as push-DEPLOYMENT-NUMBER, which a rollback returns to.
#
# The message of the tag names the user, the comment and the checkout; a resumed push recognises its
# own tag by the checkout. If another push has that tag, this push gets push-DEPLOYMENT-NUMBER.2 and so
# on: no tag is ever moved or shared. A rollback sets no tag, because its commit has one.
#
# needs: REPOSITORY
cd "$CHECKOUT_DIR"
if [ -n "$ROLLBACK_URL" ]; then
    echo "ROLLBACK_URL=$ROLLBACK_URL" >>"$ROLF_OUTPUT"
    echo "the commit has the tag $ROLLBACK_URL already"
    exit
fi
export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=file:git:http:https:ssh GIT_DIR=.git
export GIT_COMMITTER_NAME=${PUSH_UNI:-nobody} GIT_COMMITTER_EMAIL=${PUSH_UNI:-nobody}@$HOSTNAME
if [ ! -e .git ] && [ -z "$PUSH_COMMIT" ]; then
    echo "$CHECKOUT_DIR: no git checkout, and no stage has set PUSH_COMMIT" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # add git-clone or git-archive before git-tag" >&2
    exit 1
elif [ ! -e .git ]; then  # a checkout without a repository gets a temporary one
    GIT_DIR=$(mktemp -d)
    trap 'rm -rf "$GIT_DIR"' EXIT
    git init --quiet --bare --template= "$GIT_DIR"
    fetch=(git fetch --quiet --no-tags)
    ref=${PUSH_REF:-HEAD}
    case $ref in HEAD | refs/*) names=("$ref") ;; *) names=("refs/heads/$ref" "refs/tags/$ref") ;; esac
    "${fetch[@]}" --depth=1 --end-of-options "$REPOSITORY" "$PUSH_COMMIT" 2>/dev/null ||
        "${fetch[@]}" --end-of-options "$REPOSITORY" "${names[0]}" 2>/dev/null ||
        "${fetch[@]}" --end-of-options "$REPOSITORY" "${names[@]: -1}"
fi

from="Pushed-from: $HOSTNAME:$CHECKOUT_DIR"
# Whether the existing tag is this push's own: the push may have been killed after it set the tag.
is_own() {
    local depth=()  # --depth would remove the history of a full clone, which later stages may need
    [ "$(git rev-parse --is-shallow-repository)" = false ] || depth=(--depth=1)
    git fetch --quiet --no-tags "${depth[@]}" --end-of-options "$REPOSITORY" "refs/tags/$tag" \
        2>/dev/null || return
    [ "$(git rev-parse --verify 'FETCH_HEAD^{commit}')" = "$commit" ] || return
    grep --fixed-strings --line-regexp --quiet -e "$from" < <(git cat-file tag FETCH_HEAD 2>/dev/null)
}
name=${DEPLOYMENT//[^A-Za-z0-9._-]/-}
base=push-${name//../.-}-$ROLF_PUSH_ID
tag=$base
number=1
commit=$(git rev-parse --verify --end-of-options "${PUSH_COMMIT:-HEAD}^{commit}")
while true; do
    git -c core.hooksPath=/dev/null tag --annotate --force --no-sign --cleanup=verbatim \
        --message="push $ROLF_PUSH_ID of $DEPLOYMENT by $PUSH_UNI

$PUSH_COMMENT${PUSH_COMMENT:+

}$from" "$tag" "$commit" >/dev/null
    # The deploying user's settings must not sign this push, nor send other tags with it.
    if output=$(git -c push.gpgSign=false -c push.recurseSubmodules=no push --quiet --no-verify \
            --no-follow-tags --end-of-options "$REPOSITORY" "refs/tags/$tag" 2>&1); then
        break
    fi
    next="git ls-remote ${REPOSITORY@Q}"
    existing=$(git ls-remote --end-of-options "$REPOSITORY" "refs/tags/$tag" 2>/dev/null) &&
        next+="  # this user needs the permission to push tags there; then resume the push"
    if [ -n "$existing" ] && is_own; then break; fi
    if [ -z "$existing" ]; then
        echo "$output" >&2
        echo "  next: $next" >&2
        exit 1
    fi
    number=$((number + 1))
    tag=$base.$number
done
echo "ROLLBACK_URL=$tag" >>"$ROLF_OUTPUT"
echo "$tag at ${commit:0:12}"
