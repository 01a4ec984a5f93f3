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

# What start-up files of the login shell print comes before it.
MARK = "here-begins-what-was-asked-for"
LOOK = f"""\
echo; echo {MARK}
cd {{directory}}
readlink current || echo
readlink previous || echo
ls -A releases | tr '\\n' '/'
echo
if [ -e pushes.log ]; then cat pushes.log; fi
"""
# Renamed first, so that no release is ever seen that is half gone.
REMOVE = """\
cd {directory}/releases
for name in {names}; do
    case $name in .*) gone=$name ;; *) gone=.$name.gone; mv -T "$name" "$gone" ;; esac
    rm -rf "$gone" || echo "releases/$name is not removed, for what rm says" >&2
done
"""


def there(script: str, **names: list[str]) -> str:
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
        raise SystemExit(
            f"{os.environ['REMOTE_HOST']}:{os.environ['REMOTE_DIRECTORY']}: releases "
            f"can't be looked through\n  next: ssh {os.environ['REMOTE_HOST']}"
        )
    return run.stdout.decode(errors="surrogateescape").partition(f"{MARK}\n")[2]


def state_of_releases(log: str) -> dict[str, str]:
    """The state of the last push that made a release live, by the release's number as text."""
    pushes: dict[int, dict[str, Any]] = {}
    for line in log.splitlines():
        try:
            push = json.loads(line)
            pushes[push["id"]] = push  # the last line of a push counts
        except (ValueError, KeyError, TypeError):
            continue  # torn by a crash
    states = {}
    for push in sorted(pushes.values(), key=lambda push: int(push["id"])):
        states[str(push.get("release") or push["id"])] = push.get("state", "")
    return states


keep = os.environ.get("KEEP_RELEASES") or "5"
if not keep.isdecimal() or int(keep) < 1:
    raise SystemExit(
        f"KEEP_RELEASES: {keep!r} is not a number from 1 on\n"
        "  next: correct it in deploy/deployments.toml"
    )
current, previous, listed, log = (there(LOOK) + "\n").split("\n", 3)
names = listed.split("/")[:-1]
releases = sorted((name for name in names if name.isdecimal()), key=int, reverse=True)
states = state_of_releases(log)
# A release that pushes.log doesn't know may have worked.
worked = [name for name in releases if states.get(name, "succeeded") == "succeeded"]
kept = {
    current.rpartition("/")[2],
    previous.rpartition("/")[2],
    os.environ["RELEASE"],
    *worked[: int(keep)],
}
gone = [name for name in releases if name not in kept]
left_over = [name for name in names if name.endswith((".partial", ".gone"))]
if gone or left_over:
    there(REMOVE, names=[*gone, *left_over])
print(
    f"kept {', '.join(name for name in releases if name in kept)}"
    + (f"; removed {', '.join(gone)}" if gone else "")
)
