# Clones the pushed commit of REPOSITORY into CHECKOUT_DIR, without history, with submodules.
#
# In a rollback it clones the commit of the tag to return to. The user's own git settings do not change
# the files. Let git's credential helpers hold a password for the repository, because ps shows the words
# of a command.
#
# needs: REPOSITORY
# resolves: git
cd "$CHECKOUT_DIR"
shopt -s dotglob nullglob
for left in *; do rm -rf -- "$left"; done
export GIT_TERMINAL_PROMPT=0  # nobody can type a password
# No transport that runs a command (ext::). Submodules may be local if git's user allows that.
export GIT_ALLOW_PROTOCOL=git:http:https:ssh
transports=$GIT_ALLOW_PROTOCOL:file
set -o errtrace  # for the function fetch
trap 'echo "  next: git ls-remote ${REPOSITORY@Q}" >&2' ERR

# Such settings of the user or the system would change the files.
export GIT_ATTR_NOSYSTEM=1
git=(git -c core.autocrlf=false -c core.eol=lf -c core.safecrlf=false -c core.symlinks=true
    -c core.fileMode=true -c core.sparseCheckout=false -c core.hooksPath=/dev/null
    -c core.attributesFile=/dev/null -c core.protectNTFS=false -c submodule.recurse=false
    -c fetch.recurseSubmodules=false -c fetch.prune=false -c log.showSignature=false)
# The clone serves one push: it need not survive a power cut, and needs no maintenance.
fetch() {
    # git keeps what it received as one pack, even a small one: unpacking would compress it again.
    GIT_ALLOW_PROTOCOL=$transports "${git[@]}" -c core.fsync=none -c maintenance.auto=false \
        -c fetch.unpackLimit=1 fetch --quiet --no-tags "$@"
}
commit=$PUSH_COMMIT
ref=${ROLLBACK_URL:+refs/tags/$ROLLBACK_URL}
ref=${ref:-${PUSH_REF:-HEAD}}
# Full names: a short name could be an option of git, or mean another ref than the resolved one.
case $ref in
    HEAD | refs/*) names=("$ref") ;;
    *) names=("refs/heads/$ref" "refs/tags/$ref") ;;
esac
git init --quiet --template= .
git remote add -- origin "$REPOSITORY"
if [[ -z $commit || $commit != "$ref"* ]]; then
    # If there is no such branch, the name is a tag, and only an error about the tag counts.
    if ! output=$(fetch --depth=1 --end-of-options "$REPOSITORY" "${names[0]}" 2>&1); then
        if [ "${#names[@]}" = 1 ]; then echo "$output" >&2; false; fi
        fetch --depth=1 --end-of-options "$REPOSITORY" "${names[1]}"
    fi
    commit=${commit:-$(git rev-parse 'FETCH_HEAD^{commit}')}
fi
if [[ ! $commit =~ ^[0-9a-f]{7,64}$ ]]; then
    echo "PUSH_COMMIT: ${commit@Q} is not the name of a commit" >&2
    false
fi
# The branch may have new commits by now, and not every server sends a commit by its name.
if ! "${git[@]}" checkout --quiet --detach "$commit" 2>/dev/null; then
    fetch --depth=1 --end-of-options "$REPOSITORY" "$commit" 2>/dev/null ||
        fetch --tags --depth=2147483647 --end-of-options "$REPOSITORY" \
            '+refs/heads/*:refs/remotes/origin/*'
    "${git[@]}" checkout --quiet --detach "$commit"
fi
if [ -e .gitmodules ]; then
    if [ "$(git config --get protocol.file.allow)" = always ]; then
        export GIT_ALLOW_PROTOCOL=$transports
    fi
    "${git[@]}" submodule --quiet update --init --recursive --depth=1 ||
        "${git[@]}" submodule --quiet update --init --recursive
fi
echo "PUSH_COMMIT=$commit" >>"$ROLF_OUTPUT"
"${git[@]}" log -1 --date=short --format='%h %s (%an, %ad)'
