# In a release that nobody sees yet, links what stands in shared/. It deletes nothing but the
# release's own files, never behind a link, and nothing in shared/ but a directory that is empty.
refuse_link() {
    echo "$REMOTE_HOST:$PWD: $1" >&2
    echo "  next: $2" >&2
    exit 1
}
shopt -s dotglob nullglob
shared=(data/ media/)
for there in "$REMOTE_DIRECTORY"/shared/*; do
    case ${there##*/} in data | media | backups | maintenance.html | .maintenance.html.new) ;;
        *) shared+=("${there##*/}") ;;
    esac
done
if [ -n "$SHARED_PATHS" ]; then read -ra shared <<<"$SHARED_PATHS"; fi
for word in "${shared[@]}"; do
    path=${word%/} here=./${word%/} there=$REMOTE_DIRECTORY/shared/${word%/}
    parent=$path
    while [[ $parent == */* ]]; do
        parent=${parent%/*}
        if [ -L "./$parent" ]; then
            refuse_link "$parent is a link, so $path is not in the release" \
                "remove the link $parent from the repository, or $path from SHARED_PATHS"
        elif [ -e "./$parent" ] && [ ! -d "./$parent" ]; then
            refuse_link "$parent is a file, so $path can't be in it" \
                "correct SHARED_PATHS in deploy/deployments.toml"
        fi
    done
    is_file=
    if [ -n "$SHARED_PATHS" ] && [ "$word" = "$path" ]; then
        if [ ! -d "$here" ] || [ -L "$here" ]; then
            if [ -f "$here" ] || [[ ${path##*/} == *.* ]]; then is_file=1; fi
        fi
    fi
    # Where a file belongs, pushes used to make a directory.
    if [ -n "$is_file" ] && [ -d "$there" ] && [ ! -L "$there" ] &&
        rmdir "$there" 2>/dev/null; then
        echo "shared/$path was an empty directory and is a file now; a directory is written $path/"
    fi
    if [ ! -e "$there" ] && [ ! -L "$there" ]; then
        if [ -z "$SHARED_PATHS" ] && { [ ! -d "$here" ] || [ -L "$here" ]; }; then continue; fi
        if [ "$word" != "$path" ] && [ -f "$here" ]; then
            refuse_link "$path is a file, and SHARED_PATHS has it as a directory" \
                "write $path without the slash in deploy/deployments.toml"
        fi
        mkdir -p "$(dirname "$there")" ||
            refuse_link "shared/$path can't be made" "ls -l $REMOTE_DIRECTORY/shared, on the host"
        if [ -e "$here" ] && [ ! -L "$here" ]; then
            # A copy: the live release's file may be the same one, by a hard link.
            moved=../.$RELEASE.shared.partial
            rm -rf "$moved"
            cp -a "$here" "$moved"
            mv -T "$moved" "$there"
        elif [ -n "$is_file" ]; then
            echo "shared/$path is not there yet; a directory is written $path/"
        else
            mkdir "$there"
        fi
    fi
    rm -rf "$here"
    mkdir -p "$(dirname "$here")"
    ln -srT "$there" "$here"
done
