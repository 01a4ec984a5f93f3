# Builds a site of plain files in the checkout with SITE_COMMAND; rsync-release sends only these.
#
# SITE_DIRECTORY is the directory of the checkout with the built site.
#
# SITE_COMMAND      the command that builds it, such as make html (none: the site is committed)
#
# needs: SITE_DIRECTORY
cd "$CHECKOUT_DIR"
trap 'echo "  next: $SITE_COMMAND  # in the project; correct its errors, commit, push again" >&2' ERR
if [ -n "${SITE_COMMAND-}" ]; then bash -eo pipefail -c "$SITE_COMMAND"; fi
if [ ! -s "$SITE_DIRECTORY/index.html" ]; then
    echo "$CHECKOUT_DIR/$SITE_DIRECTORY: no index.html, or an empty one" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct SITE_COMMAND or SITE_DIRECTORY" >&2
    exit 1
fi
# Jekyll copies deploy/ into the site, and visitors must not see the names of the servers.
if [ ! "$SITE_DIRECTORY" -ef . ]; then
    rm -rf "$SITE_DIRECTORY/deploy/deployments.toml" "$SITE_DIRECTORY/deploy/recipes"
    rmdir "$SITE_DIRECTORY/deploy" 2>/dev/null || true
fi
echo "RELEASE_SOURCE=$SITE_DIRECTORY" >>"$ROLF_OUTPUT"
echo "$SITE_DIRECTORY: $(find "$SITE_DIRECTORY" -type f | wc -l) files"
