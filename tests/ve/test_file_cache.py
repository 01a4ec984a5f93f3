"""bootstrapper.ve.project.file_cache: a file is read once until it changes."""

import os
from pathlib import Path

from bootstrapper.ve.project.file_cache import once_for_a_file


def test_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    calls: list[tuple[str, int]] = []

    @once_for_a_file
    def read(path: Path, size: int) -> str:
        calls.append((path.name, size))
        return path.read_text()[:size]

    file = tmp_path / "file"
    file.write_text("content")
    assert read(file, 4) == read(file, 4) == "cont"
    assert read(file, 2) == "co"
    moved = tmp_path / "elsewhere/file"
    moved.parent.mkdir()
    file.rename(moved)
    assert read(moved, 4) == "cont"
    assert calls == [("file", 4), ("file", 2)]
    status = moved.stat()
    moved.write_text("changed")
    os.utime(moved, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert read(moved, 4) == "chan"


def test_failure_is_no_answer(tmp_path: Path) -> None:
    read = once_for_a_file(lambda path: path.read_text())
    file = tmp_path / "file"
    try:
        read(file)
    except FileNotFoundError:
        file.write_text("there")
    assert read(file) == "there"
