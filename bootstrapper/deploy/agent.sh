# The target's end of a push: bash runs it there as long as the push lives. It holds the lock,
# tells the target's state and obeys lines on stdin, one answer for each. It ends when stdin ends,
# or when nothing has come for $limit seconds: no lock outlives its holder, however that went away.
#
# Its answers begin with a word that nobody else knows, on a line of their own, as the login shell
# may print what it likes.

export LC_ALL=C
unset CDPATH
for name in answer mode limit directory holder; do IFS= read -r "$name" || exit 0; done

say() { printf '%s %s\n' "$answer" "${*//$'\n'/ }"; }
refuse() { say refused "$*"; exit 0; }

echo
for program in flock mkdir mv readlink rm sleep sync tail; do
    command -v "$program" >/dev/null || refuse "missing $program"
done

# What the shell or a program says when it can't do something; nothing if it can.
attempt() { { "$@" 9>&-; } 2>&1 >/dev/null; }

enter() {
    error=$(attempt mkdir -p -- "$directory/.deploy") || refuse "$error"
    go
}

go() {
    error=$(attempt cd -- "$directory") || refuse "$error"
    cd -- "$directory" && directory=$PWD
}

write() { printf '%s\n' "$2" >"$1"; }

append() {
    # A line that was torn by a crash or a full disk stays a line of its own.
    { [[ ! -s pushes.log || -z $(tail -c 1 pushes.log) ]] || echo; printf '%s\n' "$1"; } >>pushes.log &&
        sync pushes.log
}

# The holder's details, a tab, the record of the push that begins.
begin() { write .deploy/lock "${1%%$'\t'*}" && append "${1#*$'\t'}"; }

close() { write ".deploy/closed.$$" "$1" && mv -f ".deploy/closed.$$" .deploy/closed; }

lock() {
    error=$(attempt eval ': >>.deploy/lock') || refuse "$error"
    exec 9<>.deploy/lock
    # Those who only look have it locked for an instant, too.
    for pause in 0.1 0.1 0.1 ''; do
        flock -n 9 && break
        [[ $pause ]] || { say held "$(<.deploy/lock)"; exit 0; }
        sleep "$pause" 9>&-
    done
    error=$(attempt write .deploy/lock "$holder") || refuse "$error"
}

tell() {
    say current "$(readlink current)"
    for release in releases/*/; do
        release=${release%/}
        [[ $release == 'releases/*' ]] || say release "${release#releases/}"
    done
    [[ ! -e .deploy/closed ]] || say closed "$(<.deploy/closed)"
    [[ $mode == hold || ! -e .deploy/lock ]] || (flock -n -s 8) 8<.deploy/lock ||
        say held "$(<.deploy/lock)"
    say log
    [[ ! -e pushes.log ]] || tail -c 1048576 pushes.log | tail -n 200
    printf '\n'
    say state
}

obey() {
    case $1 in
        beat) say beat ;;
        current) say done "$(readlink current)" ;;
        'append '*) do_it append "${1#append }" ;;
        'begin '*) do_it begin "${1#begin }" ;;
        'close '*) enter; do_it close "${1#close }" ;;
        open) do_it rm -f .deploy/closed ;;
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
((status > 128)) || exit 0  # bash: it was the time that ended
exec 9>&-
say gone
