"""Pushes to users with each login shell, whose start-up files print."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.errors import WorkFailed
from tests.support.people import group_of, users
from tests.support.programs import program
from tests.support.recipe_runner import Push, push
from tests.support.ssh_server import SshServer, serve

SHELLS = ("/bin/bash", "/bin/dash", "/bin/zsh", "/bin/tcsh", "/usr/bin/fish")
# dash reads none unless it is interactive.
START_FILES = (".bashrc", ".profile", ".zshenv", ".tcshrc", ".config/fish/config.fish")
NOISE = "echo 'Welcome back'\necho 'You have \"mail\"' >&2\nprintf 'no newline'\n"

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "rsync", "useradd", *SHELLS)


@dataclass(frozen=True, kw_only=True)
class Shells:
    """A server with a user for each login shell, by the shell's name."""

    server: SshServer
    users: dict[str, str]


@pytest.fixture(scope="module")
def shells() -> Iterator[Shells]:
    if os.getuid():
        pytest.skip("needs to be root, to make users")
    directory = Path(tempfile.mkdtemp(prefix="shells"))
    directory.chmod(0o755)
    try:
        with users(*SHELLS) as names, serve(directory / "ssh") as (server,):
            for name in START_FILES:
                file = server.home / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(NOISE)
            for path in (server.home, *server.home.rglob("*")):
                path.chmod(0o777)
            yield Shells(
                server=server,
                users={
                    shell.rpartition("/")[2]: name
                    for shell, name in zip(SHELLS, names, strict=True)
                },
            )
    finally:
        shutil.rmtree(directory)


@pytest.fixture(params=[shell.rpartition("/")[2] for shell in SHELLS])
def noisy(request: pytest.FixtureRequest, shells: Shells) -> Iterator[Push]:
    """A push to the user with one of the shells, and to a directory that is hard to quote."""
    directory = Path(tempfile.mkdtemp(prefix="noisy"))
    directory.chmod(0o755)
    user = shells.users[request.param]
    try:
        with push(
            directory, host=f"{user}@{shells.server.host}", config=shells.server.config
        ) as made:
            shutil.chown(made.target, user, group_of(user))
            yield made
    finally:
        shutil.rmtree(directory)


def test_a_push_works_with_each_login_shell(noisy: Push, shells: Shells) -> None:
    host = noisy.settings["REMOTE_HOST"]
    shell = next(name for name, user in shells.users.items() if host.startswith(f"{user}@"))
    printed = shells.server.run("true").stdout
    assert "Welcome back" in printed  # root's own, in bash
    holder = PushHolder(who="anna", machine="laptop", since=iso_now(), deployment="production")
    with RemoteHosts(noisy.ssh, [host], str(noisy.target), holder) as targets:
        targets.append({"id": 1, "state": "succeeded"})
        program(noisy.checkout / "manage.py", 'echo "$@"')
        (noisy.checkout / "data").mkdir()
        for number in (1, 2, 3):
            (noisy.checkout / "number").write_text(str(number))
            noisy.numbered(number)
            ran = noisy.run("rsync-release").ok()
            assert ("Welcome back" in ran.stdout) == (shell != "dash")
            assert "releases/" in ran.stdout.splitlines()[-1]
            noisy.run("migrate").ok()
            noisy.run("backup-database", BACKUP_COMMAND="echo x").ok()
            noisy.run("activate-release").ok()
        assert targets.current() == {host: "3"}
    noisy.run("prune-releases", KEEP_RELEASES="1").ok()
    assert sorted(os.listdir(noisy.target / "releases")) == [".base", "2", "3"]
    assert (noisy.target / "current/number").read_text() == "3"
    assert (noisy.target / "releases/3/manage.py").samefile(noisy.target / "releases/2/manage.py")
    assert os.readlink(noisy.target / "current/data") == "../../shared/data"
    assert (noisy.target / "shared/backups/push-3.backup").read_text() == "x\n"
    assert json.loads((noisy.target / "pushes.log").read_text())["id"] == 1


def test_a_push_in_place_works_with_each_login_shell(noisy: Push) -> None:
    (noisy.checkout / "number").write_text("1")
    noisy.run("rsync-in-place").ok()
    (noisy.target / "media").symlink_to("/srv")
    (noisy.checkout / "media").mkdir()
    (noisy.checkout / "number").write_text("2")
    ran = noisy.run("rsync-in-place").ok()
    assert ran.stdout.endswith("1 changed files\n")
    assert (noisy.target / "number").read_text() == "2"
    assert os.readlink(noisy.target / "media") == "/srv"


@pytest.mark.needs("/usr/sbin/nologin")
@pytest.mark.parametrize(
    ("shell", "reason"),
    [
        ("/usr/sbin/nologin", "This account is currently not available."),
        ("/bin/false", "exit status 1"),
    ],
)
def test_a_user_without_a_login_shell_is_named(shell: str, reason: str, shells: Shells) -> None:
    with users(shell) as (user,), Ssh(shells.server.config) as ssh:
        host = f"{user}@{shells.server.host}"
        with pytest.raises(WorkFailed) as caught, RemoteHosts(ssh, [host], "/srv/site"):
            pass
    assert (caught.value.where, caught.value.fault) == (
        host,
        f"its shell ended before it answered: {reason}",
    )
    assert caught.value.next_step.startswith(f"ssh -F {shells.server.config} {host}")
