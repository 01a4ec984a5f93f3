"""Encryption of a backup with age (https://age-encryption.org, Debian's package `age`).

The machine that backs up needs the public key only.
"""

import subprocess

from .errors import BackupError

MARK = b"age-encryption.org/"


def encrypt(source, target, recipient):
    """Encrypt a file for a recipient. Raise BackupError."""
    _run(["age", "--recipient", recipient, "--output", str(target), str(source)])


def is_encrypted(path):
    """Return whether age has encrypted a file."""
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def decrypt(source, target, identity):
    """Decrypt a file with the key in the file `identity`. Raise BackupError."""
    _run(["age", "--decrypt", "--identity", str(identity), "--output", str(target), str(source)])


def _run(words):
    try:
        run = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise BackupError("age is not installed\n  next: sudo apt-get install age") from None
    if run.returncode:
        raise BackupError(f"age: {run.stderr.strip()}\n  next: age --help")
