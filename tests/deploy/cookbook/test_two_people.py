"""Two users of one server push in turn, into a directory that belongs to their group."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.remote.hosts import RemoteHosts
from tests.support.people import group_of, users
from tests.support.programs import program
from tests.support.recipe_runner import Push, Ran, push
from tests.support.ssh_server import SshServer, serve

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "rsync", "useradd")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """`push` by either of two users; where other users may look."""

    push: Push
    people: list[str]
    server: SshServer

    def run(self, who: int, recipe: str, **settings: str) -> Ran:
        """Run a recipe as one of the two."""
        return self.push.run(
            recipe, REMOTE_HOST=f"{self.people[who]}@{self.server.host}", **settings
        )

    def release(self, who: int, number: int, **settings: str) -> Ran:
        """One of them brings a release live."""
        self.push.numbered(number)
        ran = self.run(who, "rsync-release", **settings)
        if not ran.status:
            self.run(who, "activate-release").ok()
        return ran


@pytest.fixture
def pair() -> Iterator[Pair]:
    if os.getuid():
        pytest.skip("needs to be root, to make users")
    directory = Path(tempfile.mkdtemp(prefix="pair"))
    directory.chmod(0o755)
    try:
        with (
            users("/bin/bash", "/bin/bash") as people,
            serve(directory / "ssh") as (server,),
            push(directory, host=server.host, config=server.config) as made,
        ):
            shutil.chown(made.target, people[0], group_of(people[0]))
            made.target.chmod(0o2775)
            (made.checkout / "folder").mkdir()
            (made.checkout / "folder/page").write_text("x" * 5000)
            (made.checkout / "manage.py").write_text("#!/bin/sh\n")
            (made.checkout / "manage.py").chmod(0o700)
            (made.checkout / "number").write_text("1")
            yield Pair(push=made, people=people, server=server)
    finally:
        shutil.rmtree(directory)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def umask(pair: Pair, mask: str) -> None:
    """Give every login that umask."""
    (pair.server.home / ".bashrc").write_text(f"umask {mask}\n")


@pytest.mark.parametrize("mask", ["002", "022", "077"])
def test_two_people_push_in_turn(pair: Pair, mask: str) -> None:
    umask(pair, mask)
    target = pair.push.target
    pair.release(0, 1, SHARED_PATHS="data app.ini").ok()
    (pair.push.checkout / "number").write_text("2")
    ran = pair.release(1, 2, SHARED_PATHS="data app.ini").ok()
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[-1].startswith("releases/2: 3 files, 1 of them sent (")
    assert (target / "releases/2/folder/page").samefile(target / "releases/1/folder/page")
    assert [path.owner() for path in (target / "releases/1", target / "releases/2")] == pair.people
    assert {
        path.name: oct(mode(path))
        for path in [
            target / "releases",
            target / "shared",
            target / "shared/data",
            target / "releases/2",
            target / "releases/2/folder",
            target / "releases/2/number",
            target / "releases/2/manage.py",
        ]
    } == {
        "releases": "0o2775",
        "shared": "0o2775",
        "data": "0o2775",
        "2": "0o2775",
        "folder": "0o2775",
        "number": "0o664",
        "manage.py": "0o775",
    }
    pair.release(0, 3).ok()
    pair.run(1, "prune-releases", KEEP_RELEASES="1").ok()
    assert sorted(os.listdir(target / "releases")) == [".base", "2", "3"]


@pytest.mark.parametrize("private", [False, True], ids=["of-the-group", "private"])
def test_a_half_sent_release_of_another_user_fails_nothing(pair: Pair, *, private: bool) -> None:
    pair.release(0, 1).ok()
    partial = pair.push.target / "releases/.2.partial/folder"
    partial.mkdir(parents=True)
    (partial / "page").touch()
    for path in (partial.parent, partial, partial / "page"):
        shutil.chown(path, pair.people[0])
        path.chmod(0o755 if private else 0o2775)
    ran = pair.release(1, 3).ok()
    left = [".2.partial"] if private else []
    assert sorted(os.listdir(pair.push.target / "releases")) == [*left, ".base", "1", "3"]
    reported = (
        f"releases/.2.partial: left by {pair.people[0]}, who has to remove it\n" if private else ""
    )
    assert ran.stderr == reported


def test_releases_of_before_the_group_had_the_directory_are_copied(pair: Pair) -> None:
    pair.release(0, 1).ok()
    for path in (pair.push.target / "releases/1").rglob("*"):
        path.chmod(mode(path) & ~0o20)
    ran = pair.release(1, 2).ok()
    assert ran.stderr == ""
    assert len(ran.stdout.splitlines()) == 1
    assert " 3 files, 0 of them sent" in ran.stdout
    assert mode(pair.push.target / "releases/2/number") == 0o664


@pytest.mark.parametrize("mask", ["002", "077"])
def test_a_site_of_one_user_is_readable_by_all(pair: Pair, mask: str) -> None:
    umask(pair, mask)
    pair.push.target.chmod(0o755)
    pair.release(0, 1, SHARED_PATHS="data").ok()
    program(pair.push.target / "releases/1/manage.py", "mkdir static; echo x >static/site.css")
    shutil.chown(pair.push.target / "releases/1/manage.py", pair.people[0])
    pair.run(0, "collectstatic").ok()
    pair.run(0, "maintenance-on").ok()
    paths = [
        path
        for path in pair.push.target.rglob("*")
        if not path.is_symlink() and path.name != "manage.py"
    ]
    assert pair.push.target / "releases/1/static/site.css" in paths
    for path in paths:
        assert mode(path) == (0o755 if path.is_dir() else 0o644), path


def test_a_new_directory_is_readable_whatever_the_umask(pair: Pair) -> None:
    umask(pair, "077")
    host = f"{pair.people[0]}@{pair.server.host}"
    holder = PushHolder(who="anna", machine="laptop", since=iso_now(), deployment="production")
    with RemoteHosts(pair.push.ssh, [host], str(pair.push.target / "by the agent"), holder):
        pass
    for recipe in ("rsync-release", "rsync-in-place", "maintenance-on"):
        pair.run(0, recipe, REMOTE_DIRECTORY=str(pair.push.target / recipe)).ok()
    assert {mode(path) & 0o777 for path in pair.push.target.iterdir()} == {0o755}


def test_the_files_of_the_push_itself_are_the_groups(pair: Pair) -> None:
    umask(pair, "077")
    for who, person in enumerate(pair.people):
        holder = PushHolder(who=person, machine="laptop", since=iso_now(), deployment="production")
        host = f"{person}@{pair.server.host}"
        with RemoteHosts(pair.push.ssh, [host], str(pair.push.target), holder) as targets:
            targets.begin(replace(holder, push=str(who)), {"id": who})
    log = pair.push.target / "pushes.log"
    assert len(log.read_text().splitlines()) == 2
    assert mode(log) == 0o660
    assert mode(log.parent / ".deploy") == 0o2770
    pair.release(0, 1).ok()
    program(pair.push.target / "releases/1/manage.py", "true")
    pair.run(0, "migrate").ok()
    pair.run(1, "migrate").ok()
    for who in (0, 1):
        pair.push.numbered(who + 1)
        pair.run(who, "backup-database", BACKUP_COMMAND="echo x", KEEP_BACKUPS="1").ok()
    backups = pair.push.target / "shared/backups"
    assert os.listdir(backups) == ["push-2.backup"]
    assert (mode(backups), mode(backups / "push-2.backup")) == (0o2770, 0o660)


def test_two_people_push_in_place(pair: Pair) -> None:
    umask(pair, "077")
    pair.run(0, "rsync-in-place").ok()
    (pair.push.checkout / "number").write_text("2")
    (pair.push.checkout / "folder/page").unlink()
    (pair.push.checkout / "folder").rmdir()
    assert pair.run(1, "rsync-in-place").ok().stderr == ""
    assert (pair.push.target / "number").read_text() == "2"
    assert not (pair.push.target / "folder").exists()
    assert mode(pair.push.target / "manage.py") == 0o775


def test_users_who_share_no_group_are_reported(pair: Pair) -> None:
    pair.release(0, 1).ok()
    subprocess.run(["chmod", "-R", "g-w", pair.push.target], check=True)
    pair.release(1, 2).failed("no release can be created", "Permission denied")
