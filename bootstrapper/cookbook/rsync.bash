# The output of a login shell's start-up files comes before the mark; rsync must not read it.
export mark=here-begins-what-was-asked-for
after_mark() {
    local line
    while IFS= read -r line; do
        if [[ $line == *"$mark" ]]; then exec cat; fi
    done
}
through() {
    local login=() host
    if [ "$1" = -l ]; then login=(-l "$2"); shift 2; fi
    host=$1
    shift
    ssh "${login[@]}" "$host" "echo $mark; $*" | after_mark
}
# In a variable: other shells between here and rsync would drop an exported function. --norc, because
# bash -c with a socket as standard input, as here and under sshd, reads ~/.bashrc, which may print.
export through="set -o pipefail; $(declare -f after_mark through); through \"\$@\""
export RSYNC_RSH="bash --norc -c 'eval \"\$through\"' through"
# The modes for the host's umask. git records no modes but the execute bit.
modes() { case $1 in 0002) echo D2775,Fug=rwX,Fo=rX ;; *) echo D755,Fu=rwX,Fgo=rX ;; esac; }
