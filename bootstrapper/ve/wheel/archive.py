"""Read the members of a zip archive straight from the file.

zipfile reads and checks the directory of the archive. Its streams for members are not used: for
small files, such as Python modules, their four layers take longer than the decompression.
"""

import errno
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

# The header of a member: its signature, and at the end the lengths of its name and extra field,
# which precede the data (APPNOTE 4.3.7). The directory repeats all other fields.
_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\3\4"
# General purpose bits (APPNOTE 4.4.4): encrypted, patch data, strong encryption; UTF-8 names.
_UNREADABLE = 0x1 | 0x20 | 0x40
_UTF8 = 0x800

CHUNK = 2**20  # bytes; more than the longest header


class Archive:
    """An open zip archive whose members are stored or deflated.

    `infos` are its members, in the order of the directory. Methods raise whatever zipfile, struct,
    zlib, codecs and the system raise for a damaged archive.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        assert self._zip.fp
        self._stream = self._zip.fp
        self.infos = self._zip.infolist()
        offsets = sorted({info.header_offset for info in self.infos})
        self._ends = dict(pairwise([*offsets, self._zip.start_dir]))

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the content of a member, at most CHUNK bytes at a time, and verify it after the last.

        Never yield more bytes than the directory says, whatever the data would decompress to.
        """
        crc, left = 0, info.file_size
        stored = info.compress_type == zipfile.ZIP_STORED
        for chunk in self._packed(info) if stored else self._inflated(info):
            crc = zlib.crc32(chunk, crc)
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise zipfile.BadZipFile(f"its size is not {info.file_size} bytes")
        if crc != info.CRC:
            raise zipfile.BadZipFile("its checksum (CRC-32) is wrong")

    def _inflated(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        for packed in self._packed(info):
            more = True
            while more and not inflate.eof:
                chunk = inflate.decompress(packed, CHUNK)
                packed, more = inflate.unconsumed_tail, len(chunk) == CHUNK
                yield chunk

    def _packed(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the data of a member as the file has it."""
        file, start, end = self._stream.fileno(), info.header_offset, self._ends[info.header_offset]
        block = os.pread(file, min(CHUNK, end - start), start)
        signature, name_length, extra_length = _HEADER.unpack_from(block)
        name = block[_HEADER.size : _HEADER.size + name_length]
        if signature != _SIGNATURE:
            raise zipfile.BadZipFile("no member begins where the directory says")
        if name.decode("utf-8" if info.flag_bits & _UTF8 else "cp437") != info.orig_filename:
            raise zipfile.BadZipFile("its name differs from the directory's")
        if info.flag_bits & _UNREADABLE:
            raise zipfile.BadZipFile("it is encrypted, or patch data")
        begin = _HEADER.size + name_length + extra_length
        stop = start + begin + info.compress_size
        if stop > end:
            raise zipfile.BadZipFile("it overlaps the next member")
        piece = block[begin : begin + info.compress_size]
        yield piece
        start += begin + len(piece)
        while start < stop:
            piece = os.pread(file, min(CHUNK, stop - start), start)
            if not piece:
                raise zipfile.BadZipFile("the file ends in it")
            yield piece
            start += len(piece)


# shutil.rmtree of Python 3.11 and 3.12 can't remove a tree that is a thousand directories deep.
MAX_DEPTH = 100

# The system's errors that only names in an archive can cause.
UNSAFE_NAME = {
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.EILSEQ,
}


def shorten_name(name: str) -> str:
    """Return a name short enough for a message; an archive may hold names of 65,535 bytes."""
    return name if len(name) <= 100 else f"{name[:60]}…{name[-30:]}"
