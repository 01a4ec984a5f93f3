# Links the paths in shared/ into a release that is not live yet. It deletes only the release's own
# files, never behind a link, and nothing in shared/ except an empty directory.
refuse_link() {
    echo "$REMOTE_HOST:$PWD: $1" >&2
    echo "  next: $2" >&2
    exit 1
}
shopt -s dotglob nullglob
shared=(data/ media/)
for shared_path in "$REMOTE_DIRECTORY"/shared/*; do
    case ${shared_path##*/} in data | media | backups | maintenance.html | .maintenance.html.new) ;;
        *) shared+=("${shared_path##*/}") ;;
    esac
done
if [ -n "$SHARED_PATHS" ]; then read -ra shared <<<"$SHARED_PATHS"; fi
for word in "${shared[@]}"; do
    path=${word%/} here=./${word%/} shared_path=$REMOTE_DIRECTORY/shared/${word%/}
    parent=$path
    while [[ $parent == */* ]]; do
        parent=${parent%/*}
        if [ -L "./$parent" ]; then
            refuse_link "$parent is a link, so $path is outside the release" \
                "git rm ${parent@Q}  # in the project; or remove $path from SHARED_PATHS"
        elif [ -e "./$parent" ] && [ ! -d "./$parent" ]; then
            refuse_link "$parent is a file, so it cannot contain $path" \
                "\${EDITOR:-vi} deploy/deployments.toml  # correct SHARED_PATHS"
        fi
    done
    is_file=
    if [ -n "$SHARED_PATHS" ] && [ "$word" = "$path" ]; then
        if [ ! -d "$here" ] || [ -L "$here" ]; then
            if [ -f "$here" ] || [[ ${path##*/} == *.* ]]; then is_file=1; fi
        fi
    fi
    # Older versions created a directory for a file.
    if [ -n "$is_file" ] && [ -d "$shared_path" ] && [ ! -L "$shared_path" ] &&
        rmdir "$shared_path" 2>/dev/null; then
        echo "shared/$path was an empty directory and is a file now; write $path/ for a directory"
    fi
    if [ ! -e "$shared_path" ] && [ ! -L "$shared_path" ]; then
        if [ -z "$SHARED_PATHS" ] && { [ ! -d "$here" ] || [ -L "$here" ]; }; then continue; fi
        if [ "$word" != "$path" ] && [ -f "$here" ]; then
            refuse_link "$path is a file, but a directory in SHARED_PATHS" \
                "\${EDITOR:-vi} deploy/deployments.toml  # write $path without the slash"
        fi
        mkdir -p "$(dirname "$shared_path")" ||
            refuse_link "shared/$path cannot be created" "$([ "$REMOTE_HOST" = . ] || echo "ssh $REMOTE_HOST ")ls -ld ${REMOTE_DIRECTORY@Q}/shared  # correct its mode"
        if [ -e "$here" ] && [ ! -L "$here" ]; then
            # A copy: the file may be hardlinked into the live release.
            copy=../.$RELEASE.shared.partial
            rm -rf "$copy"
            cp -a "$here" "$copy"
            mv -T "$copy" "$shared_path"
        elif [ -n "$is_file" ]; then
            echo "shared/$path does not exist yet; write $path/ for a directory"
        else
            mkdir "$shared_path"
        fi
    fi
    rm -rf "$here"
    mkdir -p "$(dirname "$here")"
    ln -srT "$shared_path" "$here"
done
