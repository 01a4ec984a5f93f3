# Restarts SUPERVISOR_PROGRAMS on the host with supervisorctl, and checks that they run.
#
# SUPERVISORCTL    the command (sudo -n supervisorctl; for root, supervisorctl)
#
# per-host
# needs: REMOTE_HOST SUPERVISOR_PROGRAMS
: "${SUPERVISORCTL=}"
{ declare -p REMOTE_HOST SUPERVISOR_PROGRAMS SUPERVISORCTL; cat <<'END'
[ "$UID" = 0 ] || : "${SUPERVISORCTL:=sudo -n supervisorctl}"
read -ra supervisorctl <<<"${SUPERVISORCTL:-supervisorctl}"
read -ra programs <<<"$SUPERVISOR_PROGRAMS"
# Older versions always exit with 0, so the recipe checks the state.
"${supervisorctl[@]}" restart "${programs[@]}" </dev/null || true
state=$("${supervisorctl[@]}" status "${programs[@]}" </dev/null) || true
if [ -z "$state" ] || grep -Eqv '^[^ ]+ +RUNNING( |$)' <<<"$state"; then
    echo "$state" >&2
    echo "$REMOTE_HOST: not all of these run: $SUPERVISOR_PROGRAMS" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}${supervisorctl[*]} tail ${programs[0]} stderr" >&2
    exit 1
fi
echo "$state"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
