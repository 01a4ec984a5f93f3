"""The name of a file does not end the comment behind the command of a `next:` line."""

from pathlib import Path, PurePosixPath

import pytest

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import SOURCE, LockedFile
from vendor_fetch.download import fetch
from vendor_fetch.download.cache import Cache
from vendor_fetch.index.index import Index
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.sync.staging import Staging

NAME = "tiny\ntouch pwned #-1.0-py3-none-any.whl"


def next_line(error: BootstrapperError) -> str:
    """Return the one line behind `next:`, which ends the message."""
    _, _, line = str(error).partition("\n  next: ")
    assert "touch pwned" in line
    assert "\n" not in line
    return line


def test_own_file_in_the_way_is_named_in_one_line(tmp_path: Path) -> None:
    project = VendorProject(directory=tmp_path, targets=(Target(python="3.11"),))
    (tmp_path / SOURCE).mkdir(parents=True)
    (tmp_path / SOURCE / NAME).write_text("own")
    with pytest.raises(BootstrapperError, match="in no lock") as caught:
        Staging(project).keep([LockedFile(path=SOURCE / NAME, sha256=("0" * 64,))])
    assert f"in requirements/apps.in: $'./{SOURCE}/tiny\\x0atouch" in next_line(caught.value)


def test_directory_of_a_file_that_the_index_lacks_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "resolve", lambda *_, **__: [])
    file = LockedFile(
        path=PurePosixPath("a\ntouch pwned #/tiny-1.0-py3-none-any.whl"), sha256=("0" * 64,)
    )
    with pytest.raises(BootstrapperError, match="no such file") as caught:
        fetch.fetch(
            [file],
            project=VendorProject(directory=tmp_path, targets=(Target(python="3.11"),)),
            cache=Cache(tmp_path / "cache"),
            index=Index(),
            progress=Progress(verbosity=-1),
        )
    assert "with the file in $'a\\x0atouch pwned #/'" in next_line(caught.value)
