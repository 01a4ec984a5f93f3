# Shows visitors a maintenance page, shared/maintenance.html, until maintenance-off.
#
# If a stage between the two fails, the page stays, and the push prints how to remove it. With
# on_failure = "rollback" the page goes when the old code is live again. Apache needs mod_rewrite and
# these lines in the site's <VirtualHost>:
#
#     Alias /maintenance.html REMOTE_DIRECTORY/shared/maintenance.html
#     <Directory REMOTE_DIRECTORY/shared>
#         <Files maintenance.html>
#             Require all granted
#         </Files>
#     </Directory>
#     ErrorDocument 503 /maintenance.html
#     RewriteEngine On
#     RewriteCond REMOTE_DIRECTORY/shared/maintenance.html -f
#     RewriteRule !^/maintenance\.html$ - [R=503,L]
#
# MAINTENANCE_PAGE    the path of the page in the checkout (default: a page with one line)
#
# per-host
# hides
# needs: REMOTE_HOST REMOTE_DIRECTORY
page='<!DOCTYPE html><title>Maintenance</title><h1>We are back in a few minutes</h1>'
if [ -n "${MAINTENANCE_PAGE-}" ]; then
    trap 'echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct MAINTENANCE_PAGE" >&2' ERR
    page=$(cat "$CHECKOUT_DIR/$MAINTENANCE_PAGE")
fi
{ declare -p REMOTE_DIRECTORY page; cat <<'END'
(umask 022; mkdir -p "$REMOTE_DIRECTORY")
cd "$REMOTE_DIRECTORY"
# piece: umask
mkdir -p shared
cd shared
rm -f .maintenance.html.new  # a link of another user would lead to a file of this login
printf '%s\n' "$page" >.maintenance.html.new
chmod 644 .maintenance.html.new
mv .maintenance.html.new maintenance.html
echo "visitors see $PWD/maintenance.html"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
