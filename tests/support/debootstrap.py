"""Debian systems in directories, made by debootstrap and cached for a week.

They come from the mirror that apt on this machine uses. A cached system is never changed: beds
(tests/support/beds.py) mount a writable layer over it.
"""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bootstrapper.cache_home import cache_home
from tests.support.shared import locked

DEBOOTSTRAP = "debootstrap"
SCRIPTS = Path("/usr/share/debootstrap/scripts")
# What the README of a project installs on a server, and what its developers need.
PACKAGES = (
    *("apache2", "ca-certificates", "curl", "git", "libapache2-mod-wsgi-py3", "libpq5", "make"),
    *("openssh-client", "openssh-server", "procps", "python3", "python3-venv", "rsync"),
)
# debootstrap mounts file systems in the directory. They end with its namespace, however it ends.
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
SECONDS = 600


def base_system(suite: str) -> Path:
    """Return the directory of this week's system of a suite; make it if it is not cached.

    If that fails, as without a network, return one of an earlier week. Skip the test if there is
    none and this machine cannot make one.
    """
    home = cache_home()
    assert home, "this user has no home directory for the cache"
    cache = home / "bootstrapper-tests/systems"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = cache / f"{suite}-{content()}-{time.strftime('%G-W%V')}"
    with locked(cache / f"{suite}.lock"):
        if not wanted.is_dir():
            try:
                _make(suite, wanted)
            except AssertionError as fault:
                earlier = sorted(cache.glob(f"{suite}-{content()}-*-W*"))
                if not earlier:
                    raise
                print(f"{earlier[-1].name} is used: {fault}")
                return earlier[-1]
            for other in cache.glob(f"{suite}-*"):
                if other != wanted:
                    shutil.rmtree(other, ignore_errors=True)
    return wanted


def content() -> str:
    """Return a name for what the systems have installed."""
    return hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:8]


def _make(suite: str, directory: Path) -> None:
    mirror = debian_mirror()
    if os.getuid() or not mirror or not shutil.which(DEBOOTSTRAP):
        pytest.skip("needs root, debootstrap, and a mirror of Debian in apt's sources")
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    script = () if (SCRIPTS / suite).exists() else (str(SCRIPTS / "sid"),)
    packages = f"--include={','.join(PACKAGES)}"
    try:
        run = subprocess.run(
            [*ALONE, DEBOOTSTRAP, "--variant=minbase", packages, suite, partial, mirror, *script],
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
        )
        assert run.returncode == 0, f"debootstrap {suite}: {run.stdout[-2000:]}"
        for archive in (partial / "var/cache/apt/archives").glob("*.deb"):
            archive.unlink()
        partial.rename(directory)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def debian_mirror() -> str:
    """Return the address of Debian's archive in apt's sources; empty if there is none."""
    if not shutil.which("apt-get"):
        return ""
    fields = "$(ORIGIN) $(LABEL) $(REPO_URI)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", fields, "Identifier: Packages"],
        text=True,
        check=False,
        capture_output=True,
    )
    for line in listed.stdout.splitlines():
        origin, _, rest = line.partition(" ")
        label, _, address = rest.partition(" ")
        if origin == label == "Debian":
            return address
    return ""
