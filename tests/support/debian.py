"""Debian machines in namespaces: real servers and users, each in a view of its own of the system.

The packages are installed here already, and there is no systemd. So small programs stand in for apt,
systemctl, journalctl, make and an editor: on PATH, before the real ones.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.etc import COPY_ETC
from tests.support.login import PATH, LoginSystem, as_user
from tests.support.namespaces import Machine, ip, machines

# rolf1 has the switch that connects all of them.
ADDRESSES = {"rolf1": "192.0.2.1", "rolf2": "192.0.2.2", "desk": "192.0.2.9"}
HOSTS = """127.0.0.1 localhost
127.0.1.1 {name}.example.org {name}
192.0.2.1 rolf1.example.org rolf1 rolf.example.org
192.0.2.2 rolf2.example.org rolf2
192.0.2.9 git.example.org
"""
# What a fresh Debian has, and what it has not.
SET_UP = (
    COPY_ETC
    + """
rm -rf /etc/postgresql/* /etc/ssh/ssh_host_* /etc/ssl/private/*
cp "{base}/hosts" /etc/hosts
cp -a /var/lib/apache2 "{base}/apache2" && mount --bind "{base}/apache2" /var/lib/apache2
for path in /root /run /var/www /var/log /var/backups /var/lib/postgresql; do
    install -d "{base}$path" && mount --bind "{base}$path" "$path"
done
chown postgres:postgres /var/lib/postgresql
install -d /run/sshd /run/lock /var/log/apache2
install -d -o postgres -g postgres -m 2775 /run/postgresql
install -d -o postgres -g postgres /var/log/postgresql
ssh-keygen -A >/dev/null
# Wheels are compressed: git would try to compress them again, and to find differences.
git config --system core.compression 0
git config --system core.bigFileThreshold 100k
/usr/sbin/sshd
"""
)
# What the packages do when apt installs them.
APT = """#!/bin/sh -eu
[ "$1" = install ] && shift
for name; do dpkg-query -W -f '${db:Status-Status}\\n' "$name" | grep -qx installed; done
for name; do case $name in
    postgresql)
        make-ssl-cert generate-default-snakeoil
        pg_createcluster 15 main --start >/dev/null ;;
    apache2)
        install -d /var/www/html
        apachectl start ;;
esac; done
"""
JOURNALCTL = """#!/bin/sh -eu
[ "$1" = -u ] && exec sed "s/^/Nov 29 03:00:55 $(hostname) python[1]: /" "/var/log/$2.log"
"""


@dataclass(frozen=True, kw_only=True)
class Debian(LoginSystem):
    """A machine; `bin` has the programs that stand in for others there, and is first on PATH."""

    machine: Machine
    base: Path

    @property
    def bin(self) -> Path:
        return self.base / "bin"

    def program(self, name: str, text: str) -> None:
        """Add a program."""
        path = self.bin / name
        path.write_text(text)
        path.chmod(0o755)

    @property
    def name(self) -> str:
        return self.machine.name

    def words(self, user: str, *words: str) -> list[str]:
        home = "/var/www" if user == "www-data" else "/root"
        editor = f"EDITOR={self.bin}/editor"
        run_as = as_user(user, home, editor, path=f"{self.bin}:{PATH}")
        return [*self.machine.enter(), *run_as, *words]


@contextmanager
def debians() -> Iterator[dict[str, Debian]]:
    """Run the machines, which reach each other, until the `with` is left."""
    base = Path(tempfile.mkdtemp(prefix="debian-", dir="/tmp"))
    base.chmod(0o755)
    try:
        with machines(*ADDRESSES) as made:
            connect(made)
            yield {machine.name: set_up(machine, base / machine.name) for machine in made}
    finally:
        shutil.rmtree(base)


def connect(made: list[Machine]) -> None:
    """Plug a cable of each machine into a switch in the first one."""
    first, *others = made
    inside = {each.name: ["nsenter", "--target", str(each.init), "--net", "--"] for each in made}
    ip("link", "add", "switch", "type", "bridge", prefix=inside[first.name])
    for other in others:
        words = ("link", "add", other.name, "type", "veth", "peer", "name", "lan", "netns")
        ip(*words, str(other.init), prefix=inside[first.name])
        ip("link", "set", other.name, "master", "switch", "up", prefix=inside[first.name])
    for each in made:
        device = "switch" if each is first else "lan"
        address = f"{ADDRESSES[each.name]}/24"
        ip("addr", "add", address, "dev", device, prefix=inside[each.name])
        ip("link", "set", device, "up", prefix=inside[each.name])


def set_up(machine: Machine, base: Path) -> Debian:
    """Give a machine its own files and servers."""
    debian = Debian(machine=machine, base=base)
    debian.bin.mkdir(parents=True)
    (base / "hosts").write_text(HOSTS.format(name=machine.name))
    systemctl = Path(__file__).with_name("systemctl.py").read_text()
    for name, text in (("apt", APT), ("systemctl", systemctl), ("journalctl", JOURNALCTL)):
        debian.program(name, text)
    debian.run(SET_UP.format(etc=base / "etc", base=base))
    assert os.listdir(base / "root") == []
    return debian
