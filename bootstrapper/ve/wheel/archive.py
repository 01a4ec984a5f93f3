"""The members of a zip archive, read straight from its bytes.

zipfile reads and judges the directory. Its own way to a member's bytes leads through four layers
of streams, which for files as small as Python's take longer than the inflating.
"""

import errno
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

# What stands before a member: the signature, and at the end how long its name and the extra field
# are, which come before the bytes (APPNOTE 4.3.7). All else stands in the directory, too.
_HEADER = struct.Struct("<4s22xHH")
_SIGNATURE = b"PK\3\4"
# General purpose bits (APPNOTE 4.4.4): encrypted, a patch, strongly encrypted; names are UTF-8.
_UNREADABLE = 0x1 | 0x20 | 0x40
_UTF8 = 0x800

CHUNK = 2**20  # bytes; more than the longest header


class Archive:
    """An open zip archive whose members are stored or deflated.

    `infos` are its members, in the directory's order. What is wrong with it is raised as whatever
    zipfile, struct, zlib, codecs and the system raise.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        assert self._zip.fp
        self._stream = self._zip.fp
        self.infos = self._zip.infolist()
        offsets = sorted({info.header_offset for info in self.infos})
        self._ends = dict(pairwise([*offsets, self._zip.start_dir]))

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """The bytes of a member, at most CHUNK at a time; after the last one they are verified.

        Never more of them than the directory says, whatever they would inflate to.
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
            raise zipfile.BadZipFile(f"it does not have the {info.file_size} bytes it should have")
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
        """The bytes of a member as they stand in the file."""
        file, start, end = self._stream.fileno(), info.header_offset, self._ends[info.header_offset]
        block = os.pread(file, min(CHUNK, end - start), start)
        signature, name_length, extra_length = _HEADER.unpack_from(block)
        name = block[_HEADER.size : _HEADER.size + name_length]
        if signature != _SIGNATURE:
            raise zipfile.BadZipFile("nothing begins where the directory says it does")
        if name.decode("utf-8" if info.flag_bits & _UTF8 else "cp437") != info.orig_filename:
            raise zipfile.BadZipFile("it has another name than in the directory")
        if info.flag_bits & _UNREADABLE:
            raise zipfile.BadZipFile("it is encrypted, or a patch")
        begin = _HEADER.size + name_length + extra_length
        stop = start + begin + info.compress_size
        if stop > end:
            raise zipfile.BadZipFile("it overlaps the next one")
        piece = block[begin : begin + info.compress_size]
        yield piece
        start += begin + len(piece)
        while start < stop:
            piece = os.pread(file, min(CHUNK, stop - start), start)
            if not piece:
                raise zipfile.BadZipFile("the file ends in it")
            yield piece
            start += len(piece)


# shutil.rmtree of Python 3.11 and 3.12 can't remove what is a thousand directories deep.
MAX_DEPTH = 100

# The system's refusals that only the names in an archive can be the cause of.
UNSAFE_NAME = {
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.EILSEQ,
}


def shorten_name(name: str) -> str:
    """A name for a message; an archive may hold ones of 65,535 bytes."""
    return name if len(name) <= 100 else f"{name[:60]}…{name[-30:]}"
