"""Whole pushes that meet a fault: the message, the live release, and the next push."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.jobs import wait_for
from tests.support.processes import left
from tests.support.shop import HERE, STAGES, Shop, git, open_shop
from tests.support.small_disk import small_disk
from tests.support.ssh_server import SshServer


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop that was pushed once to this machine, and has another page since."""
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    assert shop.run("deploy").returncode == 0
    shop.commit("two")
    return shop


@pytest.fixture
def far(tmp_path: Path, ssh_server: SshServer) -> Shop:
    """The same, to a target that ssh reaches."""
    shop = open_shop(tmp_path)
    shop.define(settings=settings(ssh_server))
    assert shop.run("deploy").returncode == 0
    shop.commit("two")
    return shop


def settings(server: SshServer) -> str:
    return f'REMOTE_HOST = "{server.host}"\nSSH_CONFIG = "{server.config}"'


def fails(shop: Shop, *reported: str, status: int = 1) -> str:
    """A push fails and says why in three parts; what was live stays live."""
    run = shop.run("deploy")
    printed = run.stdout + run.stderr
    assert run.returncode == status, printed
    for part in (*reported, "next: "):
        assert part in printed, printed
    assert "Traceback" not in printed
    assert shop.page() == "one"
    pushes = json.loads(shop.run("pushes", "--json", "--local").stdout)
    assert "running" not in json.dumps(pushes)
    assert left(shop.project) == []
    return printed


def works(shop: Shop, page: str = "two") -> None:
    """The next push works at once."""
    run = shop.run("deploy")
    assert run.returncode == 0, run.stdout + run.stderr
    assert shop.page() == page


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_a_host_whose_key_has_changed_gets_nothing(far: Shop, ssh_server: SshServer) -> None:
    known = ssh_server.directory / "host_key"
    key = known.read_bytes()
    ssh_server.change_host_key()
    fails(far, "ITS HOST KEY HAS CHANGED", "ssh-keygen")
    known.write_bytes(key)
    ssh_server.restart()
    works(far)


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_a_host_that_lets_us_not_in_is_reported_with_the_command_to_try(
    far: Shop, ssh_server: SshServer
) -> None:
    keys = ssh_server.directory / "authorized_keys"
    allowed = keys.read_text()
    ssh_server.deny()
    fails(far, "production: login refused", "Permission denied (publickey)", "ssh -F")
    keys.write_text(allowed)
    works(far)


def test_a_host_that_does_not_listen_is_reported(shop: Shop) -> None:
    shop.define(settings='REMOTE_HOST = "127.0.0.1"\nSSH_CONFIG = "deploy/ssh_config"')
    (shop.project / "deploy/ssh_config").write_text("Port 1\n")
    fails(shop, "nothing listens at 127.0.0.1 port 1")
    shop.define(settings=HERE)
    works(shop)


def test_a_target_that_is_a_file_or_read_only_is_reported(shop: Shop, tmp_path: Path) -> None:
    there = shop.live.rename(tmp_path / "elsewhere")
    shop.live.write_text("a file")
    run = shop.run("deploy")
    assert (run.returncode, "Not a directory" in run.stderr) == (1, True)
    shop.live.unlink()
    with small_disk(shop.live, "1m"):
        subprocess.run(["mount", "-o", "remount,ro", shop.live], check=True)
        run = shop.run("deploy")
        assert (run.returncode, "can't be written" in run.stderr) == (1, True)
        assert "next: ls -ld" in run.stderr
    shop.live.rmdir()
    there.rename(shop.live)
    works(shop)


@pytest.mark.system
def test_a_disk_that_fills_while_sending_spares_production(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.define(settings=HERE)
    with small_disk(shop.live, "1m"):
        works(shop, "one")
        big = shop.project / "big.bin"
        big.write_bytes(os.urandom(2_000_000))
        shop.commit("two")
        fails(shop, "No space left on device", "production is as it was before", "resume")
        assert sorted(os.listdir(shop.live / "releases")) == [".base", "1"]
        assert os.statvfs(shop.live).f_bfree > 100
        big.unlink()
        shop.commit("three")
        works(shop, "three")
        with (shop.live / "full").open("wb", buffering=0) as full, pytest.raises(OSError):
            while True:
                full.write(bytes(4096))
        run = shop.run("deploy")
        assert run.returncode == 1
        assert f"{shop.live}: the disk is full (write error: No space left" in run.stderr
        assert f"next: df -h {shop.live}" in run.stderr
        (shop.live / "full").unlink()
        works(shop, "three")


def test_a_full_disk_here_ends_the_push_in_a_readable_journal(shop: Shop, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "700k"):
        project = tmp_path / "small/project"
        shop.define(settings=HERE, stages=[*STAGES[:2], "talk", *STAGES[2:]])
        shop.recipe("talk.sh", "# Talks.\nhead -c 3000000 /dev/zero | tr '\\0' x\n")
        project.mkdir()
        subprocess.run(["cp", "-r", shop.project / "deploy", project], check=True)
        run = shop.run("deploy", "--project", str(project))
        assert run.returncode == 1
        assert "the disk is full (No space left on device)" in run.stdout
        assert "next: " in run.stdout
        (record,) = json.loads(
            shop.run("pushes", "--json", "--local", "--project", str(project)).stdout
        )
        assert record["state"] == "failed"
        assert [stage["state"] for stage in record["stages"]] == [
            "succeeded",
            "succeeded",
            "failed",
            "waiting",
            "waiting",
            "waiting",
        ]
        assert shop.page() == "one"
        assert left(project) == []
    shop.define(settings=HERE)
    works(shop)


def test_a_repository_that_goes_in_the_middle_of_a_push(shop: Shop) -> None:
    gone = shop.repository.with_name("gone.git")
    shop.recipe("gone.sh", f"# Takes the repository away.\nmv '{shop.repository}' '{gone}'\n")
    shop.define(settings=HERE, stages=["gone", *STAGES])
    fails(shop, "git-clone: exit status 128", "git ls-remote", "production is as it was before")
    gone.rename(shop.repository)
    shop.define(settings=HERE)
    works(shop)


@pytest.mark.parametrize("kind", [["-a", "-m", "annotated"], []])
def test_a_tag_that_exists_at_another_commit_stays(shop: Shop, kind: list[str]) -> None:
    git(shop.project, "tag", *kind, "push-production-2", "HEAD~1")
    git(shop.project, "push", "-q", "--tags")
    before = git(shop.repository, "rev-parse", "push-production-2")
    works(shop)
    assert git(shop.repository, "rev-parse", "push-production-2") == before
    assert shop.record(3)["rollback_url"] == "push-production-3"


def test_one_of_two_simultaneous_pushes_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.recipe("wait.sh", "# Waits.\nsleep 60\n")
    shop.define(settings=HERE, stages=["wait"])
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(shop.repository), str(other))
    subprocess.run(["cp", "-r", shop.project / "deploy", other], check=True)
    with shop.start("deploy") as push:
        wait_for(lambda: '"StageStarted"' in events(shop, 2))
        run = shop.run("deploy", project=other)
        push.send_signal(signal.SIGINT)
        push.communicate(timeout=30)
    assert run.returncode == 3
    assert "is being pushed by" in run.stderr and "(push 2)" in run.stderr
    assert not list((other / ".deploy/pushes").glob("*"))
    shop.define(settings=HERE)
    works(shop)


def events(shop: Shop, number: int) -> str:
    path = shop.project / f".deploy/pushes/{number}/events.jsonl"
    return path.read_text() if path.exists() else ""


def test_of_six_pushes_at_once_those_that_are_not_refused_work(shop: Shop) -> None:
    running = [shop.start("deploy") for _ in range(6)]
    printed = [push.communicate(timeout=60) for push in running]
    statuses = [push.returncode for push in running]
    assert set(statuses) <= {0, 3} and 0 in statuses, printed
    records = json.loads(shop.run("pushes", "--json").stdout)
    assert [record["state"] for record in records] == ["succeeded"] * (statuses.count(0) + 1)
    assert shop.page() == "two"


def test_two_deployments_pushed_at_once_get_numbers_of_their_own(
    shop: Shop, tmp_path: Path
) -> None:
    file = shop.project / "deploy/deployments.toml"
    text = file.read_text()
    file.write_text(
        text
        + text.replace("deployments.production", "deployments.staging").replace(
            str(shop.live), str(tmp_path / "staging")
        )
    )
    for _ in range(3):
        running = [shop.start("deploy", name) for name in ("production", "staging")]
        printed = [push.communicate(timeout=60) for push in running]
        assert [push.returncode for push in running] == [0, 0], printed
    records = json.loads(shop.run("pushes", "--json", "--local").stdout)
    assert sorted(record["id"] for record in records) == [1, 2, 3, 4, 5, 6, 7]
    assert shop.page() == shop.page(tmp_path / "staging") == "two"


def test_garbage_in_the_history_of_the_target_stops_nobody(shop: Shop) -> None:
    log = shop.live / "pushes.log"
    garbage = b'\xff\0 no text\n[1]\n{"id": "x"}\n{}\nnull\n'
    log.write_bytes(garbage + log.read_bytes() + b'{"id": 1')
    works(shop)
    for words in ("pushes", "status", "rollback"):
        run = shop.run(words)
        assert run.returncode == 0, run.stderr
    assert shop.page() == "one"
