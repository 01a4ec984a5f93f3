"""A file system of its own, which is soon full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[None]:
    """Mount a tmpfs of that size, such as "1m". Skip the test if this user can't mount."""
    directory.mkdir(exist_ok=True)
    with _mounted(directory, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        yield


@contextmanager
def read_only(directory: Path) -> Iterator[None]:
    """Make a directory read-only, for root as well. Skip the test if this user can't mount."""
    with _mounted(directory, "--bind", str(directory)):
        subprocess.run(["mount", "-o", "remount,bind,ro", directory], check=True)
        yield


@contextmanager
def _mounted(directory: Path, *words: str) -> Iterator[None]:
    if os.getuid():
        pytest.skip("needs root, to mount a file system")
    mount = subprocess.run(
        ["mount", *words, directory], check=False, capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"can't mount a file system: {mount.stderr}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", directory], check=True)
