# The target's end of a push: bash runs it there as long as the push lives. It holds the lock,
# tells the target's state and obeys lines on stdin, one answer for each. It ends when stdin ends,
# or when nothing has come for $limit seconds: no lock outlives its holder, however that went away.
# The push's commands here end before the lock is free: sshd lets them run when nobody waits for
# them any more.
#
# Its answers begin with a word that nobody else knows, on a line of their own, as the login shell
# may print what it likes.

export LC_ALL=C
unset CDPATH
# Other users must not write the lock and the history, whatever the login's umask is.
umask go-w
for name in answer mode limit directory holder; do IFS= read -r "$name" || exit 0; done

say() { printf '%s %s\n' "$answer" "${*//$'\n'/ }"; }
refuse() { say refused "$*"; exit 0; }

echo
# macOS has no flock; its perl has the same call. LOCK_SH, LOCK_EX and LOCK_NB are 1, 2 and 4.
if command -v flock >/dev/null; then
    lock_now() { flock -n "$@"; }
elif command -v perl >/dev/null; then
    lock_now() {
        local kind=6
        [[ $1 != -s ]] || { kind=5; shift; }
        perl -e 'open(FILE, "<&=", $ARGV[1]) && flock(FILE, $ARGV[0]) or exit 1' "$kind" "$1"
    }
else
    refuse "missing flock"
fi
for program in cat ls mkdir mv readlink rm sleep sync tail wc; do
    command -v "$program" >/dev/null || refuse "missing $program"
done

# What the shell or a program says when it can't do something; nothing if it can.
attempt() { { "$@" 9>&-; } 2>&1 >/dev/null; }

enter() {
    # A site's user enters it, whatever the login's umask is.
    error=$(umask 022; attempt mkdir -p -- "$directory/.") || refuse "$error"
    go
    # A directory that belongs to a group (chmod g+ws) is one whose members push in turn.
    case $(ls -ld .) in d????w[sS]*) umask g=rwx ;; esac
    error=$(attempt mkdir -p -- "$PWD/.deploy") || refuse "$error"
}

go() {
    error=$(attempt cd -- "$directory") || refuse "$error"
    cd -- "$directory" && directory=$PWD
}

# Whether these are not links of another user, who could lead us to a file of our own.
ours() {
    local name owner
    for name in "$@"; do
        [[ -L $name ]] || continue
        read -r _ _ owner _ <<<"$(ls -ldn -- "$name")"
        case $owner in
            0 | "$EUID") ;;
            *) echo "$name is a link of another user" >&2; return 1 ;;
        esac
    done
}

write() { ours .deploy "$1" && printf '%s\n' "$2" >"$1"; }

# A recipe may sync a whole directory with --delete over this one, as those of 2010 do: the history
# comes back from the file that we hold open.
keep_history() {
    [[ -e pushes.log ]] || cat <&8 >pushes.log
    exec 8<pushes.log
} 2>/dev/null

append() {
    ours pushes.log || return
    # A line that was torn by a crash or a full disk stays a line of its own.
    { [[ ! -s pushes.log || -z $(tail -c 1 pushes.log) ]] || echo; printf '%s\n' "$1"; } >>pushes.log &&
        sync pushes.log
}

# The holder's details, a tab, the record of the push that begins.
begin() { mkdir -p .deploy && write .deploy/lock "${1%%$'\t'*}" && append "${1#*$'\t'}"; }

lock_deployment() { write ".deploy/closed.$$" "$1" && mv -f ".deploy/closed.$$" .deploy/closed; }

# Commands of the push run in sessions of the same connection: sshd started them as it did us, and
# each leads a process group. When each began tells it from a later process of the same id.
commands=()
notice() {
    local children child
    { read -r child </proc/$PPID/comm && [[ $child == sshd* ]] || return
        read -r -a children </proc/$PPID/task/$PPID/children; } 2>/dev/null
    for child in "${children[@]}"; do
        ((child == $$)) || ! begun "$child" || commands[$child]=$begun
    done
}

begun() {
    local stat
    read -r -d '' stat 2>/dev/null </proc/"$1"/stat
    read -r -a stat <<<"${stat##*) }"
    begun=${stat[19]}  # the 22nd of proc(5); the second, which may hold anything, is cut off
    [[ $begun ]]
}

end_commands() {
    local child pause groups=()
    notice
    for child in "${!commands[@]}"; do
        begun "$child" && [[ $begun == "${commands[$child]}" ]] && groups+=("$child")
    done
    commands=()
    for signal in TERM KILL; do
        for child in "${groups[@]}"; do kill -"$signal" -- "-$child"; done
        for pause in {1..30}; do
            for child in "${!groups[@]}"; do
                kill -0 -- "-${groups[child]}" || unset "groups[child]"
            done
            ((${#groups[@]})) || return 0
            sleep 0.1 9>&-
        done
    done
} 2>/dev/null

lock() {
    error=$(attempt eval 'ours .deploy .deploy/lock pushes.log && : >>.deploy/lock') || refuse "$error"
    # The directory itself is locked: a file in it may be deleted and created again by a recipe.
    exec 9<.
    # A status query locks it for an instant, too. A push that is ending has emptied the file, and
    # unlocks the directory when all of its processes have ended.
    until lock_now 9; do
        ((++tried < 4 || (tried < 80 && $(wc -c <.deploy/lock) < 2))) ||
            { say held "$(<.deploy/lock)"; exit 0; }
        sleep 0.1 9>&-
    done
    error=$(attempt write .deploy/lock "$holder") || refuse "$error"
    # Not before: the holder of the lock would take an empty one for the history, were it deleted.
    { : >>pushes.log && exec 8<pushes.log; } 2>/dev/null
}

tell() {
    say current "$(readlink current)"
    for release in releases/*/; do
        release=${release%/}
        [[ $release == 'releases/*' ]] || say release "${release#releases/}"
    done
    [[ ! -e .deploy/closed ]] || say locked "$(<.deploy/closed)"
    [[ $mode == hold ]] || (lock_now -s 8) 8<. || say held "$(<.deploy/lock)"
    say log
    [[ ! -e pushes.log ]] || tail -c 1048576 pushes.log | tail -n 200
    printf '\n'
    say state
}

obey() {
    case $1 in
        beat) notice; say beat ;;
        current) say done "$(readlink current)" ;;
        'append '*) keep_history; do_it append "${1#append }" ;;
        'begin '*) do_it begin "${1#begin }" ;;
        'lock-deployment '*) enter; do_it lock_deployment "${1#lock-deployment }" ;;
        stop) end_commands; say done ;;
        unlock-deployment) do_it rm -f .deploy/closed ;;
    esac
}

do_it() { if error=$(attempt "$@"); then say done; else say failed "$error"; fi; }

if [[ $mode == hold ]]; then
    enter
    lock
    tell
elif [[ -d $directory ]]; then
    go
    tell
else
    say state
fi
while IFS= read -r -t "$limit" line || { status=$?; false; }; do obey "$line"; done
if [[ $mode == hold ]]; then
    [[ ! -e .deploy/lock ]] || : >.deploy/lock
    end_commands
fi
((status > 128)) || exit 0  # bash: it was the time that ended
exec 9>&-
say gone
