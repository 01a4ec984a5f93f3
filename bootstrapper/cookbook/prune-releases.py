# Removes old releases from the host; keeps the newest KEEP_RELEASES of those that worked.
#
# It never removes the live release, the one before it, the one that this push makes live, and the last
# one that pushes.log records as successful. It reports a release that it cannot remove, and does not
# fail: the live release is in order.
#
# KEEP_RELEASES    how many (5)
#
# per-host
# needs: REMOTE_HOST REMOTE_DIRECTORY
import json
import os
import shlex
import subprocess
from typing import Any

# The output of the login shell's start-up files comes before the mark.
MARK = "here-begins-what-was-asked-for"
LIST = f"""\
echo; echo {MARK}
cd {{directory}}
readlink current || echo
readlink previous || echo
ls -A releases | tr '\\n' '/'
echo
if [ -e pushes.log ]; then cat pushes.log; fi
"""
# Renamed first: no path of a release may ever name half of one.
REMOVE = """\
cd {directory}/releases
for name in {names}; do
    case $name in .*) removed=$name ;; *) removed=.$name.gone; mv -T "$name" "$removed" ;; esac
    rm -rf "$removed" || echo "releases/$name is not removed; rm says why" >&2
done
"""


def run_on_host(script: str, **names: list[str]) -> str:
    """Run a script on the host and return what it prints."""
    words = {name: " ".join(map(shlex.quote, value)) for name, value in names.items()}
    script = script.format(directory=shlex.quote(os.environ["REMOTE_DIRECTORY"]), **words)
    run = subprocess.run(
        ["ssh", os.environ["REMOTE_HOST"], "bash", "-eo", "pipefail"],
        input=script.encode(),
        stdout=subprocess.PIPE,
        check=False,
    )
    if run.returncode:
        host, directory = os.environ["REMOTE_HOST"], os.environ["REMOTE_DIRECTORY"]
        by_hand = f"ls -la {shlex.quote(directory)}" if host == "." else f"ssh {host}"
        raise SystemExit(
            f"{host}:{directory}: releases cannot be listed or removed\n  next: {by_hand}"
        )
    return run.stdout.decode(errors="surrogateescape").partition(f"{MARK}\n")[2]


def state_of_releases(log: str) -> dict[str, str]:
    """Return the state of the last push of each release, by the release's number as text."""
    pushes: dict[int, dict[str, Any]] = {}
    for line in log.splitlines():
        try:
            push = json.loads(line)
            pushes[push["id"]] = push  # the last line of a push counts
        except (ValueError, KeyError, TypeError):
            continue  # a line cut off by a crash
    states = {}
    for push in sorted(pushes.values(), key=lambda push: int(push["id"])):
        states[str(push.get("release") or push["id"])] = push.get("state", "")
    return states


keep = os.environ.get("KEEP_RELEASES") or "5"
if not keep.isdecimal() or int(keep) < 1:
    raise SystemExit(
        f"KEEP_RELEASES: {keep!r} is not a number from 1 on\n"
        "  next: ${EDITOR:-vi} deploy/deployments.toml  # correct KEEP_RELEASES"
    )
current, previous, listed, log = (run_on_host(LIST) + "\n").split("\n", 3)
names = listed.split("/")[:-1]
releases = sorted((name for name in names if name.isdecimal()), key=int, reverse=True)
states = state_of_releases(log)
# A release that pushes.log lacks may have succeeded.
succeeded = [name for name in releases if states.get(name, "succeeded") == "succeeded"]
kept = {
    current.rpartition("/")[2],
    previous.rpartition("/")[2],
    os.environ["RELEASE"],
    *succeeded[: int(keep)],
}
removed = [name for name in releases if name not in kept]
left_over = [name for name in names if name.endswith((".partial", ".gone"))]
if removed or left_over:
    run_on_host(REMOVE, names=[*removed, *left_over])
print(
    f"kept {', '.join(name for name in releases if name in kept)}"
    + (f"; removed {', '.join(removed)}" if removed else "")
)
