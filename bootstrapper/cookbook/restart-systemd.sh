# Restarts SYSTEMD_UNITS on the host, and checks that they run.
#
# SYSTEMCTL    the command (sudo -n systemctl; for root, systemctl): "systemctl --user"
#
# per-host
# needs: REMOTE_HOST SYSTEMD_UNITS
: "${SYSTEMCTL=}"
{ declare -p REMOTE_HOST SYSTEMD_UNITS SYSTEMCTL; cat <<'END'
[ "$UID" = 0 ] || : "${SYSTEMCTL:=sudo -n systemctl}"
read -ra systemctl <<<"${SYSTEMCTL:-systemctl}"
read -ra units <<<"$SYSTEMD_UNITS"
if ! "${systemctl[@]}" restart "${units[@]}" </dev/null ||
    ! "${systemctl[@]}" is-active --quiet "${units[@]}" </dev/null; then
    "${systemctl[@]}" status --no-pager --lines=20 "${units[@]}" </dev/null >&2 || true
    echo "$REMOTE_HOST: not all of these run: $SYSTEMD_UNITS" >&2
    if [ "$REMOTE_HOST" = . ]; then ssh=; else ssh="ssh $REMOTE_HOST "; fi
    echo "  next: ${ssh}journalctl --unit=${units[0]}" >&2
    exit 1
fi
echo "restarted, and active: $SYSTEMD_UNITS"
END
} | ssh "$REMOTE_HOST" bash -eo pipefail
