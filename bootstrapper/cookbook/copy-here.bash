# What rsync does, for a machine without one. A copy costs little here, so each begins with nothing.
sender=tar
stats=$({ source=$PWD; declare -p source REMOTE_DIRECTORY RELEASE; cat <<'END'
cd "$REMOTE_DIRECTORY"
# piece: umask
export LC_ALL=C
cd releases
partial=$PWD/.$RELEASE.partial
live=$(readlink -f .base)
trap '[ $? = 0 ] || rm -rf "$partial"' EXIT
rm -rf "$partial"
mkdir "$partial"
tar -C "$source" --create --file=- --hard-dereference --exclude=.git --exclude=__pycache__ \
    --anchored --exclude=./ve --exclude='./.ve.*' --exclude=./.deploy . |
    tar -C "$partial" --extract --file=- --no-same-owner --touch
cd "$partial"
find . ! -type f ! -type d ! -type l -delete
case $(umask) in
    0002) chmod -R ug=rwX,o=rX . && find . -type d -exec chmod g+s {} + ;;
    *) chmod -R u=rwX,go=rX . ;;
esac

# What the live release has, too, by mode, size and checksum, becomes a link to the same file.
files() { find . -type f -printf '%m %s %p\0' | sort -z; }
sums() { xargs -0r sha256sum -z <"$alike/names" | sort -z; }
if [ "$live" != "${partial%/*}" ] && [ -d "$live" ]; then
    alike=$(mktemp -d)
    trap '[ $? = 0 ] || rm -rf "$partial"; rm -rf "$alike"' EXIT
    files >"$alike/here"
    (cd "$live"; files) | comm -z -12 - "$alike/here" | cut -z -d' ' -f3- >"$alike/names"
    (cd "$live"; sums) >"$alike/there"
    sums >"$alike/here"
    comm -z -12 "$alike/there" "$alike/here" | cut -z -c67- >"$alike/names"
    # Another user's file may refuse the link; then the copy stays.
    (cd "$live"; xargs -0r cp -lfP --parents -t "$partial" -- <"$alike/names") 2>/dev/null || true
fi
all=$(find . -type f -printf x | wc -c)
sizes=$(find . -type f -links 1 -printf '%s+'; echo 0)
sent=$(find . -type f -links 1 -printf x | wc -c)
echo "reg: $all transferred: $sent sent: $((sizes))"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail) || status=1
