"""What keeps a push from a target: missing programs, and places that can't be written."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.deploy.remote import host as module
from bootstrapper.deploy.remote.hosts import read_host_state
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from bootstrapper.errors import Locked, WorkFailed
from tests.support.pushers import ANNA, BEN, hold, refusal
from tests.support.small_disk import small_disk
from tests.support.ssh_server import SshServer


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small disk", "64k"):
        yield tmp_path / "small disk"


def fill(directory: Path) -> Path:
    """Fill the disk; returns the file to remove again."""
    path = directory / "big"
    with pytest.raises(OSError, match="No space left"), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return path


def test_what_is_missing_on_the_target_is_named(
    tmp_path: Path, ssh: Ssh, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in (
        "sh",
        "bash",
        "env",
        "ssh",
        "head",
        "mkdir",
        "mv",
        "readlink",
        "rm",
        "sleep",
        "sync",
        "tail",
        "wc",
    ):
        (programs / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(programs))
    with Ssh() as poor:
        error = refusal(poor, tmp_path / "mysite")
        assert error.fault == "flock is missing there, which the lock needs"
        assert error.next_step == "apt-get install util-linux  # as root"
        (programs / "bash").unlink()
        assert refusal(poor, tmp_path / "mysite").fault == (
            "bash is missing there, which the lock needs"
        )


def test_a_directory_that_cannot_be_made_is_reported(ssh: Ssh, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refusal(ssh, tmp_path / "file/mysite")
    assert isinstance(error, WorkFailed)
    assert error.where == f"{tmp_path}/file/mysite"
    assert "Not a directory" in error.fault


def test_a_disk_mounted_read_only_is_reported(ssh: Ssh, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    error = refusal(ssh, disk / "mysite")
    assert "can't be written" in error.fault
    assert "Read-only file system" in error.fault
    assert "ls -ld" in error.next_step


def test_a_full_disk_is_reported_and_a_torn_record_harms_nothing(ssh: Ssh, disk: Path) -> None:
    with hold(ssh, disk) as targets:
        big = fill(disk)
        with pytest.raises(WorkFailed, match="the disk is full") as caught:
            targets.append({"id": 1, "comment": "x" * 10_000})
        assert "df -h" in caught.value.next_step
        big.unlink()
        targets.append({"id": 2})
    assert read_host_state(ssh, HERE, str(disk)).records == [{"id": 2}]
    fill(disk)
    error = refusal(ssh, disk / "mysite")
    assert "the disk is full" in error.fault


def test_a_history_that_cannot_be_written_is_reported(ssh: Ssh, tmp_path: Path) -> None:
    (tmp_path / "pushes.log").mkdir()
    with hold(ssh, tmp_path) as targets, pytest.raises(WorkFailed) as caught:
        targets.append({"id": 1})
    assert "pushes.log: Is a directory" in str(caught.value)
    assert "bash" not in str(caught.value)


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_a_login_that_hangs_is_given_up(
    ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPEN_WITHIN", 1.0)
    (ssh_server.home / ".bashrc").write_text("sleep 60\n")
    with (
        Ssh(ssh_server.config) as ssh,
        pytest.raises(WorkFailed, match="gives no answer within 1"),
        hold(ssh, ssh_server.home / "mysite", host="production"),
    ):
        pass
    ssh_server.cut()


def test_a_recipe_that_deletes_all_spares_lock_and_history(ssh: Ssh, tmp_path: Path) -> None:
    with hold(ssh, tmp_path) as targets:
        targets.begin(ANNA, {"id": 1})
        targets.append({"id": 1, "state": "succeeded"})
        shutil.rmtree(tmp_path / ".deploy")
        (tmp_path / "pushes.log").unlink()
        assert isinstance(refusal(ssh, tmp_path, BEN), Locked)
        targets.append({"id": 2})
        targets.append({"id": 3})
    lines = (tmp_path / "pushes.log").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [1, 1, 2, 3]


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
@pytest.mark.parametrize("stream", [1, 2])
def test_a_host_has_no_next_line_of_its_own(ssh_server: SshServer, stream: int) -> None:
    fault = r"refused\n  next: touch pwned\r\n  next: touch pwned\n"
    (ssh_server.home / ".bashrc").write_text(f"printf '{fault}' >&{stream}\nexit 3\n")
    with Ssh(ssh_server.config) as ssh, pytest.raises(WorkFailed) as caught:
        read_host_state(ssh, "production", "/var/www/mysite")
    fault, step = str(caught.value).split("\n")
    assert fault.startswith("production: its shell ended before it answered: ")
    assert step.startswith("  next: ssh -F ")
    assert "pwned" not in step
