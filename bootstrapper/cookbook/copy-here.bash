# Replaces rsync on a machine without it. A local copy is cheap, so it always starts empty.
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

# Files that the live release has with the same mode, size and checksum become hardlinks.
files() { find . -type f -printf '%m %s %p\0' | sort -z; }
sums() { xargs -0r sha256sum -z <"$same/names" | sort -z; }
if [ "$live" != "${partial%/*}" ] && [ -d "$live" ]; then
    same=$(mktemp -d)
    trap '[ $? = 0 ] || rm -rf "$partial"; rm -rf "$same"' EXIT
    files >"$same/here"
    (cd "$live"; files) | comm -z -12 - "$same/here" | cut -z -d' ' -f3- >"$same/names"
    (cd "$live"; sums) >"$same/there"
    sums >"$same/here"
    comm -z -12 "$same/there" "$same/here" | cut -z -c67- >"$same/names"
    # The kernel may refuse to link another user's file; then the copy stays.
    (cd "$live"; xargs -0r cp -lfP --parents -t "$partial" -- <"$same/names") 2>/dev/null || true
fi
all=$(find . -type f -printf x | wc -c)
sizes=$(find . -type f -links 1 -printf '%s+'; echo 0)
sent=$(find . -type f -links 1 -printf x | wc -c)
echo "reg: $all transferred: $sent sent: $((sizes))"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail) || status=1
