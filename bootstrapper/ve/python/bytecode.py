"""Bytecode files, as the interpreter that runs this would write them (PEP 3147, PEP 552)."""

import hashlib
import importlib.util
import marshal
import struct
import sys
import warnings
from collections.abc import Mapping

_HEAD = 16  # bytes: the magic number, the flags, the source's time and size
_TIMESTAMPED = 0  # the flags of a pyc that is checked by its source's time and size


def path_of(source: str) -> str:
    """Where the bytecode of `source` belongs: `a/b.py` -> `a/__pycache__/b.cpython-312.pyc`."""
    folder, slash, name = source.rpartition("/")
    stem = name.removesuffix(".py")
    return f"{folder}{slash}__pycache__/{stem}.{sys.implementation.cache_tag}.pyc"


def compile_source(source: bytes, shown_as: str, *, mtime: float) -> bytes | None:
    """The content of the pyc of a module; None where the source is none for this Python.

    Packages carry templates and test data that end in .py and don't compile; pip passes over
    them, and so do we. `shown_as` is the path in tracebacks until the import system puts the real
    one there; it must not name the place where the ve is built.
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
    """One sha256 for the bytecode files of a distribution: their paths and fingerprints.

    RECORD has no digests of them (PEP 376), as they are made where they are installed.
    """
    hashed = hashlib.sha256()
    for path in sorted(files):
        hashed.update(path.encode() + b"\0" + files[path])
    return hashed.hexdigest()


def fingerprint(content: bytes) -> bytes:
    """The sha256 of the code in a bytecode file, without the head that has its source's time."""
    return hashlib.sha256(memoryview(content)[_HEAD:]).digest()
