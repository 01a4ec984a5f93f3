"""Debian systems in directories, made by debootstrap and cached for a week.

They come from the mirror that apt on this machine uses. A cached system is never changed: beds
(tests/support/beds.py) mount a writable layer over it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
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


@contextmanager
def base_system(suite: str) -> Iterator[Path]:
    """Keep this week's system of a suite while the `with` runs; make it if it is not cached.

    If that fails, as without a network, keep one of an earlier week. Skip the test if there is none
    and this machine cannot make one.
    """
    home = cache_home()
    assert home, "this user has no home directory for the cache"
    cache = home / "bootstrapper-tests/systems"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as use:
        with locked(cache / f"{suite}.lock"):
            system = _cached_or_made(suite, cache)
            use.enter_context(locked(_use_of(system), fcntl.LOCK_SH))
        yield system


def _cached_or_made(suite: str, cache: Path) -> Path:
    wanted = cache / f"{suite}-{content()}-{time.strftime('%G-W%V')}"
    if wanted.is_dir():
        return wanted
    try:
        _make(suite, wanted)
    except AssertionError as fault:
        earlier = sorted(path for path in cache.glob(f"{suite}-{content()}-*") if path.is_dir())
        if not earlier:
            raise
        print(f"{earlier[-1].name} is used: {fault}")
        return earlier[-1]
    for other in cache.glob(f"{suite}-*"):
        if other.is_dir() and other != wanted:
            with suppress(BlockingIOError), locked(_use_of(other), fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(other, ignore_errors=True)
                _use_of(other).unlink()
    return wanted


def _use_of(system: Path) -> Path:
    """Return the file that everybody who uses a system has locked."""
    return system.with_name(f"{system.name}.lock")


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
