"""Stores for tests: directories, and an S3-compatible server on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

BUCKET = "rolf"


@contextmanager
def directory_store():
    """Yield the URL of an empty directory."""
    with tempfile.TemporaryDirectory(prefix="rolf-store-") as directory:
        yield f"file://{directory}"


def moto_server():
    """Return the program of moto's S3-compatible server, or None."""
    here = Path(sys.executable).parent
    return shutil.which("moto_server", path=f"{here}:{os.environ['PATH']}")


@contextmanager
def s3_server():
    """Start an S3-compatible server; yield (the URL of a store in its bucket, its process)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [moto_server(), "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _create_bucket(port)
        yield f"s3://{BUCKET}/logs?endpoint=http://127.0.0.1:{port}&region=us-east-1", process
    finally:
        process.kill()
        process.wait()


def _create_bucket(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", method="PUT")
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
