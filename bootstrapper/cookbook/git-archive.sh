# Fetches the branch or tag of REPOSITORY into CHECKOUT_DIR, as plain files without .git.
#
# The server must allow `git archive --remote`: most allow it over ssh, none over https. Submodules are
# left out, and so are files that .gitattributes marks as export-ignore. In a rollback, the recipe
# fetches the tag to return to.
#
# needs: REPOSITORY
# resolves: git
cd "$CHECKOUT_DIR"
find . -mindepth 1 -delete
export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=file:git:http:https:ssh
trap 'echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # replace git-archive by git-clone, which works with every server" >&2' ERR

# Full names: a short one could be an option of git archive, here or on the server.
ref=${ROLLBACK_URL:+refs/tags/$ROLLBACK_URL}
ref=${ref:-${PUSH_REF:-HEAD}}
case $ref in
    HEAD | refs/*) names=("$ref") ;;
    *) names=("refs/heads/$ref" "refs/tags/$ref") ;;
esac
if [[ $ref =~ ^[0-9a-f]{7,64}$ ]]; then names+=("$ref"); fi
archive=$(mktemp)
config=$(mktemp)
trap 'rm -f "$archive" "$config"' EXIT
# git archives a local repository with this user's settings. The settings that would change the
# files are set again after the user's own.
cat >"$config" <<'END'
[include]
    path = ~/.config/git/config
    path = ~/.gitconfig
[core]
    autocrlf = false
    eol = lf
    attributesFile = /dev/null
END
export GIT_CONFIG_GLOBAL=$config GIT_ATTR_NOSYSTEM=1
errors=
for name in "${names[@]}"; do
    if output=$(git archive --format=tar --remote="$REPOSITORY" "$name" 2>&1 >"$archive"); then
        errors=
        break
    fi
    errors+=${errors:+$'\n'}$output
done
if [ -n "$errors" ]; then
    echo "$errors" >&2
    false
fi
commit=$(git get-tar-commit-id <"$archive")
if [ "$commit" != "${PUSH_COMMIT:-$commit}" ]; then
    echo "$REPOSITORY: $ref is now at $commit, but this push is of $PUSH_COMMIT" >&2
    false
fi
tar --extract --file="$archive"
echo "PUSH_COMMIT=$commit" >>"$ROLF_OUTPUT"
echo "$ref at $commit"
