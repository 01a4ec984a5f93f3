"""Bytecode files as the running interpreter would write them (PEP 3147, PEP 552)."""

import hashlib
import importlib.util
import marshal
import struct
import sys
import warnings
from collections.abc import Mapping

_HEAD = 16  # bytes: the magic number, the flags, the source's time and size
_TIMESTAMPED = 0  # flags: the pyc is valid while its source has the recorded time and size


def path_of(source: str) -> str:
    """Return the path of a module's bytecode: `a/b.py` has `a/__pycache__/b.cpython-312.pyc`."""
    folder, slash, name = source.rpartition("/")
    stem = name.removesuffix(".py")
    return f"{folder}{slash}__pycache__/{stem}.{sys.implementation.cache_tag}.pyc"


def compile_source(source: bytes, shown_as: str, *, mtime: float) -> bytes | None:
    """Return the content of a module's bytecode file; None if this Python can't compile it.

    Packages contain templates and test data that end in .py and don't compile. pip skips them, and
    so does this function. Tracebacks show `shown_as` until the import system sets the real path; it
    must not name the directory in which the virtualenv is built.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(source, shown_as, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None
    head = struct.pack("<III", _TIMESTAMPED, int(mtime) & 0xFFFFFFFF, len(source) & 0xFFFFFFFF)
    return importlib.util.MAGIC_NUMBER + head + marshal.dumps(code)


def digest(files: Mapping[str, bytes]) -> str:
    """Return one sha256 for the bytecode files of a distribution: their paths and fingerprints.

    RECORD has no digests of bytecode (PEP 376), because it is compiled where it is installed.
    """
    hashed = hashlib.sha256()
    for path in sorted(files):
        hashed.update(path.encode() + b"\0" + files[path])
    return hashed.hexdigest()


def fingerprint(content: bytes) -> bytes:
    """Return the sha256 of the code in a bytecode file, without the header with its source's time."""
    return hashlib.sha256(memoryview(content)[_HEAD:]).digest()
