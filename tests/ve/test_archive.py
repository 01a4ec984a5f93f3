"""Archive reads what zipfile reads, or refuses the archive."""

import random
import zipfile
from pathlib import Path

import pytest

from bootstrapper.ve.wheel.archive import CHUNK, Archive
from tests.support.archive import DEFLATED, ENCRYPTED, STORED, Part, write, zeros


def read(path: Path, number: int = 0) -> bytes:
    archive = Archive(path)
    try:
        chunks = list(archive.chunks(archive.infos[number]))
    finally:
        archive.close()
    assert all(len(chunk) <= CHUNK for chunk in chunks)
    return b"".join(chunks)


@pytest.mark.parametrize("method", [STORED, DEFLATED])
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
@pytest.mark.parametrize("kind", ["zeros", "noise", "text"])
def test_member_of_any_size_equals_zipfile(
    tmp_path: Path, method: int, size: int, kind: str
) -> None:
    chance = random.Random(size)
    content = {
        "zeros": bytes(size),
        "noise": chance.randbytes(size),
        "text": (b"a line of a text %d\n" % size * (size // 10 + 1))[:size],
    }[kind]
    path = write(
        tmp_path / "a.zip",
        [
            Part(name=b"before", content=b"x"),
            Part(name=b"it", content=content, method=method),
            Part(name="bêtwéén".encode(), content=b"y"),
        ],
    )
    with zipfile.ZipFile(path) as archive:
        assert read(path, 1) == archive.read("it") == content


def test_bytes_before_an_archive_are_ignored(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", [Part(name=b"it", content=b"content")])
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    assert read(path) == b"content"


def test_cp437_name_equals_zipfile(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", [Part(name=b"\x82t\x82", content=b"summer", flags=0)])
    with zipfile.ZipFile(path) as archive:
        assert archive.read("été") == read(path)


def test_inflating_stops_at_the_recorded_size(tmp_path: Path) -> None:
    packed, crc = zeros(64)
    path = write(tmp_path / "a.zip", [Part(name=b"bomb", packed=packed, crc=crc, size=10)])
    archive = Archive(path)
    with pytest.raises(zipfile.BadZipFile, match="10 bytes"):
        next(archive.chunks(archive.infos[0]))
    archive.close()


@pytest.mark.parametrize(
    ("member", "fault"),
    [
        (Part(name=b"it", content=b"content", crc=1), "checksum"),
        (Part(name=b"it", content=b"content", crc=1, method=STORED), "checksum"),
        (Part(name=b"it", content=b"content", size=8), "8 bytes"),
        (Part(name=b"it", content=b"content", size=6, method=STORED), "6 bytes"),
        (Part(name=b"it", content=b"content", packed=b""), "7 bytes"),
        (Part(name=b"it", content=b"content", flags=ENCRYPTED), "encrypted"),
        (Part(name=b"it", content=b"content", flags=0x20), "patch"),
        (Part(name=b"it", content=b"content", flags=0x40), "encrypted"),
        (Part(name=b"it", content=b"content", again=True), "its name differs"),
    ],
)
def test_member_unlike_its_directory_is_refused(tmp_path: Path, member: Part, fault: str) -> None:
    path = write(tmp_path / "a.zip", [Part(name=b"first", content=b"1"), member])
    with pytest.raises(zipfile.BadZipFile, match=fault):
        read(path, 1)


def test_overlapping_member_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.zip",
        [
            Part(name=b"one", content=b"1" * 100, method=STORED),
            Part(name=b"two", content=b"2" * 100, method=STORED),
        ],
    )
    content = path.read_bytes()
    one = content.index(b"PK\1\2") + 20  # the compressed size in the directory
    path.write_bytes(content[:one] + (101).to_bytes(4, "little") + content[one + 4 :])
    with pytest.raises(zipfile.BadZipFile, match="overlaps"):
        read(path)
    assert read(path, 1) == b"2" * 100


def test_member_at_a_wrong_offset_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", [Part(name=b"it", content=b"content")])
    path.write_bytes(b"QK" + path.read_bytes()[2:])
    with pytest.raises(zipfile.BadZipFile, match="no member begins"):
        read(path)


def test_archive_truncated_while_open_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", [Part(name=b"it", content=bytes(3 * CHUNK), method=STORED)])
    archive = Archive(path)
    chunks = archive.chunks(archive.infos[0])
    next(chunks)
    with path.open("r+b") as stream:
        stream.truncate(2 * CHUNK)
    with pytest.raises(zipfile.BadZipFile, match="ends in it"):
        list(chunks)
    archive.close()
