"""A tarball is built even if the disk of the store is too small."""

import os
from pathlib import Path

import pytest

from tests.conftest import bootstrap
from tests.ve.tarball.conftest import MODULE, SETUP, add, version


@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("size", ["3m", "8m"])
def test_build_in_a_full_store_is_retried_without_it(
    project: Path, tmp_path: Path, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = "from pathlib import Path\nPath('big').write_bytes(b' ' * 9_000_000)\n"
    add(project, files={**MODULE, "setup.py": big + SETUP})
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setenv("BOOTSTRAP_STORE", str(disk / "store"))
    run = bootstrap(
        project,
        prefix=(
            "unshare",
            "--mount",
            "sh",
            "-c",
            f'mount -t tmpfs -o size={size} none "$0" && exec "$@"',
            str(disk),
        ),
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert f"no store: {disk}/store: No space left on device" in run.stdout
    assert version(project) == "1.0"
