# Reduces SHARED_PATHS to each path once, in its shortest form. No path may lead out of a release, and
# none may contain another: a link inside of a linked directory would be deleted with it.
shared=()
refuse_path() {
    echo "SHARED_PATHS: $1" >&2
    echo "  next: \${EDITOR:-vi} deploy/deployments.toml  # correct SHARED_PATHS" >&2
    exit 1
}
read -r -d '' -a words <<<"$SHARED_PATHS" || true
for word in "${words[@]}"; do
    path=
    IFS=/ read -ra parts <<<"$word"
    for part in "${parts[@]}"; do
        case $part in
            '' | .) ;;
            ..) path=; break ;;
            *) path+=${path:+/}$part ;;
        esac
    done
    case $word in /*) path= ;; esac
    [ -n "$path" ] || refuse_path "$word is not inside of a release"
    case $path in
        -*) refuse_path "$path begins with -, like an option" ;;
        backups | backups/*) refuse_path "$path: shared/backups belongs to backup-database" ;;
        maintenance.html) refuse_path "$path: shared/$path belongs to maintenance-on" ;;
    esac
    known=
    for index in "${!shared[@]}"; do
        other=${shared[index]%/}
        if [ "$path" = "$other" ]; then
            known=1
            case $word in */) shared[index]=$path/ ;; esac
        elif [[ $path/ == "$other"/* || $other/ == "$path"/* ]]; then
            refuse_path "of $path and $other, one lies in the other"
        fi
    done
    case $word in */) path+=/ ;; esac
    [ -n "$known" ] || shared+=("$path")
done
SHARED_PATHS=${shared[*]}
