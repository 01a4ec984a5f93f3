"""What zipfile, tarfile and the decompressors raise for a damaged or encrypted archive."""

import tarfile
import zipfile
import zlib
from lzma import LZMAError

DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # an encrypted member
    NotImplementedError,
    OverflowError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
)
