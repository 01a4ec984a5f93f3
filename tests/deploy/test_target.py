"""The target's end of a push: its state, its lock, and what is written there."""

import fcntl
import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.holder import LockInfo
from bootstrapper.deploy.remote.agent import program
from bootstrapper.deploy.remote.host import HostState
from bootstrapper.deploy.remote.hosts import RemoteHosts, read_host_state
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from bootstrapper.errors import InputError, Locked, WorkFailed
from tests.support.jobs import wait_for
from tests.support.processes import bytes_read
from tests.support.pushers import ANNA, BEN, hold, refusal
from tests.support.ssh_server import SshServer, serve

# What is there.


def test_a_new_target_is_made_and_empty(ssh: Ssh, tmp_path: Path) -> None:
    directory = tmp_path / "var/www/mysite"
    with hold(ssh, directory) as targets:
        state = targets.states[HERE]
    assert (state.current, state.releases, state.log, state.lock_info) == ("", [], [], None)
    assert (directory / ".deploy/lock").exists()


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077])
@pytest.mark.parametrize("shared", [False, True], ids=["alone", "of a group"])
def test_no_other_user_can_write_the_lock_and_the_history(
    tmp_path: Path, mask: int, shared: bool
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    site.chmod(0o2775 if shared else 0o755)
    command, sent = program("word", lock=True, seconds=9, directory=str(site), holder="{}")
    subprocess.run(
        ["bash", "-c", command],
        input=sent + b'append {"id": 1}\nlock-deployment {}\n',
        umask=mask,
        check=True,
    )
    others = 0o002 if shared else 0o022
    for name in (".deploy", ".deploy/lock", ".deploy/closed", "pushes.log"):
        assert (site / name).stat().st_mode & others == 0, name
    assert shared == bool((site / "pushes.log").stat().st_mode & 0o020)


def test_releases_the_live_one_and_the_history_are_reported(ssh: Ssh, tmp_path: Path) -> None:
    for name in ("1", "9", "10", ".11.partial", "with space"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    (tmp_path / "current").symlink_to("releases/9")
    (tmp_path / "pushes.log").write_text('{"id": 1}\n{"id": 9}\n')
    for state in (read_host_state(ssh, HERE, str(tmp_path)), *recorded(ssh, tmp_path)):
        assert state.current == "9"
        assert sorted(state.releases) == ["1", "10", "9", "with space"]
        assert state.records == [{"id": 1}, {"id": 9}]


def recorded(ssh: Ssh, directory: Path) -> list[HostState]:
    with hold(ssh, directory) as targets:
        return list(targets.states.values())


def test_lines_of_the_history_come_unchanged_whatever_bytes_they_hold(
    ssh: Ssh, tmp_path: Path
) -> None:
    lines = [
        b'{"id": 1, "comment": "\xc3\xbc \\" \' $HOME `id` \\\\ %s *"}',
        b"\xff\xfe\x00\x01",
        b"state",
        b"refused no",
        b"  spaces  ",
        b"\x1b[31mred\r",
        b'"not a record"',
        b"torn",
    ]
    (tmp_path / "pushes.log").write_bytes(b"\n".join(lines))  # the last without its line's end
    state = read_host_state(ssh, HERE, str(tmp_path))
    assert state.log == lines
    assert [record["id"] for record in state.records] == [1]
    assert state.records[0]["comment"] == "ü \" ' $HOME `id` \\ %s *"


def test_a_long_history_is_not_sent_whole(ssh: Ssh, tmp_path: Path) -> None:
    record = json.dumps({"id": 1, "comment": "x" * 1000}) + "\n"
    (tmp_path / "pushes.log").write_text(record * 100_000)
    before = bytes_read()
    state = read_host_state(ssh, HERE, str(tmp_path))
    assert bytes_read() - before < 10_000_000, "of 100 MB"
    assert len(state.log) == 200


def test_looking_at_a_target_that_is_not_there_makes_nothing(ssh: Ssh, tmp_path: Path) -> None:
    state = read_host_state(ssh, HERE, str(tmp_path / "mysite"))
    assert state.releases == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "it's",
        'a "quote"',
        "$HOME `id` $(id)",
        "fünf ☃",
        "back\\slash",
        "-n",
        "*",
        "a;b",
    ],
)
def test_a_directory_may_have_any_name(ssh: Ssh, tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    with hold(ssh, directory) as targets:
        targets.append({"id": 1})
        assert targets.lost() == ""
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert read_host_state(ssh, HERE, str(directory)).records == [{"id": 1}]


@pytest.mark.parametrize("name", ["~/mysite", "my\nsite"])
def test_a_directory_that_recipes_would_take_otherwise_is_refused(ssh: Ssh, name: str) -> None:
    with pytest.raises(InputError, match="REMOTE_DIRECTORY"):
        RemoteHosts(ssh, [HERE], name)


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_a_relative_directory_begins_at_home_on_the_target(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh:
        home = ssh_server.run("pwd").stdout.strip()
        relative = os.path.relpath(ssh_server.home / "mysite", home)
        with hold(ssh, Path(relative), host="production") as targets:
            targets.append({"id": 1})
            targets.lock(LockInfo(reason="twice"))
            targets.append({"id": 2})
    assert (ssh_server.home / "mysite/pushes.log").read_text().count("\n") == 2


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
@pytest.mark.parametrize(
    "noise",
    [
        "echo Welcome",
        "printf 'no newline'",
        "echo 'state'; echo oops >&2",
        "printf '\\377\\0\\n'",
    ],
)
@pytest.mark.parametrize("directory", ["mysite", ""])
def test_what_a_login_shell_prints_is_no_answer(
    ssh_server: SshServer, noise: str, directory: str
) -> None:
    (ssh_server.home / ".bashrc").write_text(f"{noise}\n")
    with (
        Ssh(ssh_server.config) as ssh,
        RemoteHosts(
            ssh, ["production"], directory and str(ssh_server.home / directory), ANNA
        ) as targets,
    ):
        assert targets.lost() == ""
        targets.append({"id": 1})
        assert targets.current() == ({"production": ""} if directory else {})


# What is written there.


def test_a_record_is_a_line_of_its_own_even_after_one_that_was_torn(
    ssh: Ssh, tmp_path: Path
) -> None:
    log = tmp_path / "pushes.log"
    log.write_text('{"id": 1}\n{"id": 2, "comm')
    record = {"id": 3, "comment": "ü \n\\n \0 '$(id)' \udcff"}
    with hold(ssh, tmp_path) as targets:
        targets.append(record)
        targets.append({"id": 4})
    lines = log.read_text().splitlines()
    assert lines[:2] == ['{"id": 1}', '{"id": 2, "comm']
    assert [json.loads(line) for line in lines[2:]] == [record, {"id": 4}]


def test_a_record_may_be_long(ssh: Ssh, tmp_path: Path) -> None:
    record = {"id": 1, "comment": "x" * 300_000}
    with hold(ssh, tmp_path) as targets:
        targets.append(record)
    assert json.loads((tmp_path / "pushes.log").read_text()) == record


def test_the_live_release_is_read_again_after_the_switch(ssh: Ssh, tmp_path: Path) -> None:
    with hold(ssh, tmp_path) as targets:
        (tmp_path / "current").symlink_to("releases/12")
        assert targets.current() == {HERE: "12"}


def test_a_closed_target_says_who_closed_it_and_why(ssh: Ssh, tmp_path: Path) -> None:
    info = LockInfo(who="anna", machine="laptop", since=iso_now(), reason='exam week: "ünd" $HOME')
    with RemoteHosts(ssh, [HERE], str(tmp_path)) as targets:
        targets.lock(info)
        targets.lock(info)
    assert read_host_state(ssh, HERE, str(tmp_path)).lock_info == info
    with hold(ssh, tmp_path) as targets, pytest.raises(Locked) as caught:
        targets.refuse_if_locked("production")
    since = info.since[11:16]
    assert str(caught.value) == (
        f'production: has been locked by anna@laptop since {since}: exam week: "ünd" $HOME\n'
        "  next: python -m bootstrapper unlock production"
    )
    with RemoteHosts(ssh, [HERE], str(tmp_path)) as targets:
        targets.unlock()
    with hold(ssh, tmp_path) as targets:
        targets.refuse_if_locked("production")


def test_a_push_that_runs_does_not_keep_others_from_locking(ssh: Ssh, tmp_path: Path) -> None:
    with hold(ssh, tmp_path), RemoteHosts(ssh, [HERE], str(tmp_path)) as other:
        other.lock(LockInfo(reason="exam week"))
    assert read_host_state(ssh, HERE, str(tmp_path)).lock_info == LockInfo(reason="exam week")


# The permission to push.


def test_the_second_push_is_reported_who_is_at_it(ssh: Ssh, tmp_path: Path) -> None:
    with hold(ssh, tmp_path):
        error = refusal(ssh, tmp_path)
    assert isinstance(error, Locked)
    assert str(error) == (
        f"production (.): is being pushed by anna@laptop since {ANNA.since[11:16]} (push 12)\n"
        "  next: python -m bootstrapper status production  # wait for it, or cancel it on laptop"
    )
    with hold(ssh, tmp_path, BEN):
        assert str(refusal(ssh, tmp_path, ANNA)).endswith(
            "  # wait for it, or end it, in the directory that it was started from: "
            "python -m bootstrapper cancel production"
        ), "it runs on this machine"


@pytest.mark.needs("setpriv", "flock")
@pytest.mark.parametrize("mode", [0o755, 0o751])
def test_only_users_who_can_read_the_directory_can_lock_it(ssh: Ssh, mode: int) -> None:
    if os.getuid():
        pytest.skip("needs root, to be another user")
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        site.chmod(mode)
        words = ["setpriv", "--reuid=4242", "--regid=4242", "--clear-groups", "flock", name, "cat"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as stranger:
            try:
                if mode == 0o751:
                    assert stranger.wait(10)
                    with hold(ssh, site):
                        return
                wait_for(lambda: is_locked(site))
                error = refusal(ssh, site)
            finally:
                stranger.terminate()
    assert isinstance(error, Locked)
    assert error.fault == f"{name} is locked by a process that has not written its name"
    assert error.next_step.startswith(f"fuser -v {name}  # as root")


@pytest.mark.parametrize("name", [".deploy", ".deploy/lock", "pushes.log"])
@pytest.mark.parametrize("owner", [0, 4242])
def test_a_link_of_another_user_leads_to_no_file(
    ssh: Ssh, tmp_path: Path, name: str, owner: int
) -> None:
    """A user who can write into the directory prepares it before the push."""
    if os.getuid():
        pytest.skip("needs root, to be another user")
    site, kept = tmp_path / "site", tmp_path / "authorized_keys"
    (site / name).parent.mkdir(parents=True)
    if name == ".deploy":
        kept.mkdir()
        (kept / "lock").write_text("key\n")
    else:
        kept.write_text("key\n")
    (site / name).symlink_to(kept)
    os.chown(site / name, owner, owner, follow_symlinks=False)
    if owner == 0:  # the administrator's
        with hold(ssh, site) as targets:
            targets.append({"id": 1})
        return
    error = refusal(ssh, site)
    assert error.fault == f"{name} is a link of another user"
    assert (kept / "lock" if kept.is_dir() else kept).read_text() == "key\n"


def is_locked(directory: Path) -> bool:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def test_the_lock_goes_with_its_holder(ssh: Ssh, tmp_path: Path) -> None:
    for holder in (ANNA, BEN, ANNA):
        with hold(ssh, tmp_path, holder):
            assert read_host_state(ssh, HERE, str(tmp_path)).holder == holder
        assert read_host_state(ssh, HERE, str(tmp_path)).holder is None


def test_more_of_the_holder_is_reported_later(ssh: Ssh, tmp_path: Path) -> None:
    with hold(ssh, tmp_path, BEN) as targets:
        targets.begin(ANNA, {"id": 12})
        assert read_host_state(ssh, HERE, str(tmp_path)).holder == ANNA


def test_a_push_waits_for_a_status_query(ssh: Ssh, tmp_path: Path) -> None:
    def enter() -> str:
        with hold(ssh, tmp_path) as targets:
            return targets.lost()

    with ThreadPoolExecutor(1) as pool:
        query = os.open(tmp_path, os.O_RDONLY)
        try:
            fcntl.flock(query, fcntl.LOCK_SH)  # as an agent does that only reads the state
            push = pool.submit(enter)
            wait_for(lambda: push.done() or waits_for_the_lock(tmp_path))
            time.sleep(0.2)  # two attempts
            assert not push.done()
        finally:
            os.close(query)
        assert push.result() == ""


def waits_for_the_lock(directory: Path) -> bool:
    """Whether an agent has opened the directory to lock it."""
    for descriptor in Path("/proc").glob("[0-9]*/fd/9"):
        with suppress(OSError):  # the process has ended
            if descriptor.samefile(directory):
                return True
    return False


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_no_host_is_held_if_one_of_them_cannot_be(tmp_path: Path) -> None:
    with serve(tmp_path / "ssh", "one", "two") as (one, two), Ssh(one.config) as ssh:
        two.deny()
        with (
            pytest.raises(WorkFailed, match="two: login refused"),
            RemoteHosts(ssh, ["one", "two"], str(tmp_path), ANNA),
        ):
            pass
        assert (tmp_path / ".deploy/lock").exists()
        assert read_host_state(ssh, "one", str(tmp_path)).holder is None


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_two_names_of_one_place_are_reported_apart_from_another_push(tmp_path: Path) -> None:
    with (
        serve(tmp_path / "ssh", "one", "two") as (one, _),
        Ssh(one.config) as ssh,
        pytest.raises(InputError, match="is that of another host of REMOTE_HOSTS, too"),
        RemoteHosts(ssh, ["one", "two"], str(tmp_path), ANNA),
    ):
        pass
