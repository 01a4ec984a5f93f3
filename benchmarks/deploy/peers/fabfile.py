"""A push by Fabric: its own connection for commands, rsync's for files."""

import os
import tempfile
import time

from fabric import task

RSYNC = (
    "rsync --recursive --links --perms --checksum --mkpath --exclude .git "
    "--link-dest ../../current/"
)


@task
def push(c):
    """Clone, tag, rsync, switch, touch."""
    repository, target = os.environ["REPOSITORY"], os.environ["TARGET"]
    release = f"{time.strftime('%Y%m%d%H%M%S')}{time.time_ns() % 10**9:09}"
    tag = f"push-fabric-{release}"
    with tempfile.TemporaryDirectory() as work:
        c.local(f"git clone --quiet --depth 1 --branch main {repository} {work}/site")
        c.local(f"git -C {work}/site tag --annotate --message {tag} {tag}")
        c.local(f"git -C {work}/site push --quiet origin {tag}")
        c.local(
            f"{RSYNC} -e 'ssh -F {os.environ['SSH_CONFIG']}' {work}/site/ "
            f"{c.original_host}:{target}/releases/{release}/"
        )
    with c.cd(target):
        c.run(f"ln -s releases/{release} current.new && mv -T current.new current")
        c.run("touch current/apache/django.wsgi")
