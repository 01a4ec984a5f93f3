"""Test beds: whole Debian systems, each with its release's Python, Apache, mod_wsgi and sshd.

A bed is a namespace of mounts, processes and network with its own loopback. Nothing in it reaches
this machine's network, and all of it ends with the bed's first process. It is a server and its user's
machine at the same time: anna, a developer, may log in as www-data by ssh.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.debootstrap import base_system
from tests.support.login import LoginSystem, as_user
from tests.support.namespaces import Machine, machines

REPOSITORY = Path(__file__).resolve().parents[2]
PLACE = Path("/var/tmp")
SUITES = ("trixie", "testing")
VERSION = "python3 -c 'import sys; print(*sys.version_info[:2], sep=\".\")'"
# The system, with a layer over it for what the bed writes. Some file systems refuse to be the
# layers of an overlay; then the bed is a copy.
MOUNT = """
mkdir -p "$2/upper" "$2/work" "$2/system"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/system" ||
    cp -a "$1/." "$2/system"
mount -t proc proc "$2/system/proc"
mount -t tmpfs tmpfs "$2/system/run"
mount -t tmpfs tmpfs "$2/system/tmp"
mkdir -p "$2/system/dev/shm" "$2/system/dev/pts"
mount -t tmpfs tmpfs "$2/system/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$2/system/dev/pts"
mkdir -p "$2/system/run/lock" "$2/system/run/sshd"
chmod 1777 "$2/system/tmp" "$2/system/dev/shm" "$2/system/run/lock"
"""
# Once for each server, as the README of a project says.
SERVER = """
echo '127.0.0.1 localhost' >/etc/hosts
useradd --create-home --shell /bin/bash anna
usermod --shell /bin/bash www-data
install -d -m 700 -o www-data ~www-data/.ssh
a2enmod --quiet wsgi headers expires deflate
ssh-keygen -A >/dev/null
/usr/sbin/sshd
"""
USER = """
mkdir -m 700 .ssh
ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519
ssh-keyscan -t ed25519 localhost >.ssh/known_hosts 2>/dev/null
git config --global user.name Anna
git config --global user.email anna@example.org
git config --global core.compression 0
git config --global init.defaultBranch main
"""
LOG_IN = "install -m 600 -o www-data ~anna/.ssh/id_ed25519.pub ~www-data/.ssh/authorized_keys"


@dataclass(frozen=True, kw_only=True)
class Bed(LoginSystem):
    """A running system. `python` is its Python, such as 3.13; `root` its root, as seen from here."""

    suite: str
    python: str
    machine: Machine
    place: Path

    @property
    def root(self) -> Path:
        return Path(f"/proc/{self.machine.init}/root{self.place}")

    @property
    def name(self) -> str:
        return self.suite

    def words(self, user: str, *words: str) -> list[str]:
        home = {"root": "/root", "www-data": "/var/www"}.get(user, f"/home/{user}")
        enter = [*self.machine.enter(), "chroot", str(self.place)]
        return [*enter, *as_user(user, home, "-C", home), *words]

    def put(self, directory: Path, path: str, user: str) -> None:
        """Copy a directory of this machine to a path there, as the user's."""
        shutil.copytree(directory, self.root / path.lstrip("/"), symlinks=True)
        self.run(f"chown -R {user}: {path}")


@contextmanager
def bed(suite: str) -> Iterator[Bed]:
    """Run a system of a suite until the `with` is left. Skip the test if this machine cannot.

    Debian testing gets a new Python one day. Until the template offers it, the test is expected to
    fail.
    """
    remove_abandoned()
    base = Path(tempfile.mkdtemp(prefix=f"bed-{suite}-{os.getpid()}-", dir=PLACE))
    base.chmod(0o755)
    try:
        with base_system(suite) as system, machines(suite) as [machine]:
            mount = [*machine.enter(), "sh", "-euc", MOUNT, "sh", str(system), str(base)]
            subprocess.run(mount, check=True, stdin=subprocess.DEVNULL)
            place = base / "system"
            python = subprocess.check_output(
                [*machine.enter(), "chroot", place, "sh", "-c", VERSION], text=True
            ).strip()
            if python not in offered_pythons():
                pytest.xfail(f"{suite} has Python {python} now, which the template does not offer")
            made = Bed(suite=suite, python=python, machine=machine, place=place)
            made.run(SERVER)
            made.run(USER, "anna")
            made.run(LOG_IN)
            yield made
    finally:
        shutil.rmtree(base)


def offered_pythons() -> list[str]:
    """Return the Pythons of the template."""
    settings = json.loads((REPOSITORY / "cookiecutter.json").read_text(encoding="utf-8"))
    return list(settings["python_version"])


def remove_abandoned() -> None:
    """Remove the directories of beds whose process was killed."""
    for base in PLACE.glob("bed-*-*-*"):
        if not Path("/proc", base.name.split("-")[2]).exists():
            shutil.rmtree(base, ignore_errors=True)


def mounts() -> list[str]:
    """Return the mounts of beds in this process's own view of the system; there must be none."""
    found = Path("/proc/self/mounts").read_text()
    return [line for line in found.splitlines() if "/bed-" in line]
