"""Zip archives written by hand, as no library would write them."""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LOCAL, _CENTRAL, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
STORED, DEFLATED = 0, 8
UTF8, ENCRYPTED = 0x800, 0x1
MEGABYTE = 2**20


@dataclass(kw_only=True)
class Part:
    """A member; what is None is filled in as is right.

    `packed` are the bytes in the archive, `size` and `crc` what the header says of the unpacked ones;
    `again` makes it point to the member before it instead of being written.
    """

    name: bytes
    content: bytes = b""
    packed: bytes | None = None
    method: int = DEFLATED
    flags: int = UTF8
    size: int | None = None
    crc: int | None = None
    mode: int = 0o100644
    again: bool = False


def write(path: Path, parts: Iterable[Part]) -> Path:
    """Write an archive."""
    central, offset, count = [], 0, 0
    with path.open("wb") as stream:
        for part in parts:
            packed = part.packed if part.packed is not None else pack(part.content, part.method)
            size = len(part.content) if part.size is None else part.size
            crc = zlib.crc32(part.content) if part.crc is None else part.crc
            middle = struct.pack(
                "<HHHHLLLHH",
                part.flags,
                part.method,
                0,
                0x5000,
                crc,
                len(packed),
                size,
                len(part.name),
                0,
            )
            if not part.again:
                offset = stream.tell()
                stream.write(_LOCAL + struct.pack("<H", 20) + middle + part.name + packed)
            central.append(
                _CENTRAL
                + struct.pack("<HH", 0x0314, 20)
                + middle
                + struct.pack("<HHHLL", 0, 0, 0, part.mode << 16, offset)
                + part.name
            )
            count += 1
        start, directory = stream.tell(), b"".join(central)
        stream.write(
            directory
            + _END
            + struct.pack(
                "<HHHHLLH", 0, 0, count & 0xFFFF, count & 0xFFFF, len(directory), start, 0
            )
        )
    return path


def pack(content: bytes, method: int) -> bytes:
    """Content as it lies in an archive."""
    if method != DEFLATED:
        return content
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflate.compress(content) + deflate.flush()


def zeros(megabytes: int) -> tuple[bytes, int]:
    """So many megabytes of zeros, deflated, and their CRC; quickly, as one piece over and over."""
    piece = bytes(16 * MEGABYTE)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(piece) + deflate.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(megabytes // 16):
        crc = zlib.crc32(piece, crc)
    return packed * (megabytes // 16) + deflate.flush(zlib.Z_FINISH), crc
