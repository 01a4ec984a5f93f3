"""The server that a project is pushed to: its sshd, its user's shell, its Apache."""

import os
import pwd
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support import apache, ssh_server
from tests.support.etc import COPY_ETC
from tests.support.site import USER

# Debian gives the web server's user no shell. In a file system view of its own the sshd sees an
# account that has one, and nobody else does. All of /etc is mounted: useradd renames a new file to
# /etc/passwd, which would end a mount on that file in every view (Linux 3.18).
WITH_A_SHELL = (
    COPY_ETC
    + """
sed -i "s|^\\({user}:.*:\\)[^:]*$|\\1/bin/bash|" /etc/passwd
exec "$@"
"""
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """`root` is where its sites lie; Apache will listen at `address`; `ssh` is its sshd."""

    root: Path
    address: str
    ssh: ssh_server.SshServer

    @property
    def site(self) -> Path:
        """REMOTE_DIRECTORY of the site's production."""
        return self.root / "story_site"

    @property
    def release(self) -> str:
        """What `current` points to."""
        return os.readlink(self.site / "current")

    @contextmanager
    def serving(self, configuration: Path) -> Iterator[apache.Apache]:
        """Apache, as somebody has linked the site's configuration into it."""
        directory = self.root / "apache"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        with apache.serve(directory, configuration, address=self.address) as serving:
            yield serving


@contextmanager
def serve(directory: Path) -> Iterator[Server]:
    """A server with nothing on it but an empty directory for sites, which USER owns."""
    root = directory / "www"
    root.mkdir()
    own(root)
    script = WITH_A_SHELL.format(user=USER, etc=directory / "etc")
    prefix = ("unshare", "--mount", "sh", "-euc", script, "sh")
    with ssh_server.serve(directory / "ssh", address=apache.loopback(), prefix=prefix) as (ssh,):
        own(ssh.home)
        ssh.config.write_text(ssh.config.read_text().replace("User root", f"User {USER}"))
        yield Server(root=root, address=apache.loopback(), ssh=ssh)


def own(path: Path) -> None:
    """Make a file or directory USER's."""
    account = pwd.getpwnam(USER)
    os.chown(path, account.pw_uid, account.pw_gid)
