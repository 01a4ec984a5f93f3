"""`lock` and `unlock`: a locked deployment, for everybody who uses its target."""

import json
import re
from pathlib import Path

import pytest

from bootstrapper.__main__ import main
from bootstrapper.deploy.machine.deployment_lock import FileDeploymentLock
from bootstrapper.deploy.machine.directory import machine_name
from bootstrapper.deploy.remote.hosts import read_host_state
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from tests.support.ssh_server import SshServer

DEFINITION = """
default = "production"
[deployments.production]
branch = "main"
stages = ["touch-wsgi"]
[deployments.production.settings]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one deployment, which has no target."""
    project = tmp_path / "mysite"
    (project / "deploy").mkdir(parents=True)
    (project / "deploy/deployments.toml").write_text(DEFINITION)
    return project


def settings(project: Path, **values: object) -> None:
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
    (project / "deploy/deployments.toml").write_text(DEFINITION + "".join(lines))


def run(project: Path, command: str, *words: str) -> int:
    return main([command, *words, "--project", str(project)])


def test_a_deployment_is_locked_with_a_reason_and_unlocked(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "lock", "-m", "exam\nweek") == 0
    assert capsys.readouterr().out == (
        "production is locked; to unlock it: python -m bootstrapper unlock production\n"
    )
    info = FileDeploymentLock(project, "production").lock_info
    assert info
    assert (info.reason, info.machine) == ("exam week", machine_name())
    assert run(project, "unlock", "production") == 0
    assert re.fullmatch(
        r"production is unlocked; it had been locked by \S+ since "
        r"\d\d:\d\d: exam week\n",
        capsys.readouterr().out,
    )
    assert FileDeploymentLock(project, "production").lock_info is None


def test_who_comes_second_does_not_take_the_first_ones_reason_away(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "lock", "-m", "exam week") == 0
    assert run(project, "lock", "-m", "mine") == 3
    error = capsys.readouterr().err
    assert ": exam week\n" in error
    assert "next: python -m bootstrapper unlock production" in error
    info = FileDeploymentLock(project, "production").lock_info
    assert info
    assert info.reason == "exam week"


def test_unlocking_an_unlocked_deployment_is_no_error(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "unlock") == 0
    assert capsys.readouterr().out == "production was not locked\n"


def test_a_reason_must_be_given(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(project, "lock")
    assert ended.value.code == 2
    assert "-m" in capsys.readouterr().err


def test_a_name_that_is_misspelt_is_reported(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, "lock", "prodction", "-m", "x") == 2
    assert 'did you mean "production"?' in capsys.readouterr().err


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_it_is_locked_for_all_users_of_the_target(
    project: Path, ssh_server: SshServer, capsys: pytest.CaptureFixture[str]
) -> None:
    site = ssh_server.home / "site"
    settings(
        project,
        REMOTE_HOST="production",
        REMOTE_DIRECTORY=str(site),
        SSH_CONFIG=str(ssh_server.config),
    )
    assert run(project, "lock", "-m", "exam week") == 0
    with Ssh() as ssh:
        info = read_host_state(ssh, HERE, str(site)).lock_info
    assert info
    assert info.reason == "exam week"
    assert run(project, "lock", "-m", "mine") == 3
    assert run(project, "unlock") == 0
    assert not (site / ".deploy/closed").exists()


def test_a_push_of_a_locked_deployment_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipes = project / "deploy/recipes"
    recipes.mkdir()
    (recipes / "touch-wsgi.sh").write_text("# Shows that it ran.\ntouch ../../../ran\n")
    site = project / "site"
    for values in ({}, {"REMOTE_HOST": HERE, "REMOTE_DIRECTORY": str(site)}):
        settings(project, **values)
        assert run(project, "lock", "-m", "exam week") == 0
        capsys.readouterr()
        assert run(project, "deploy", "--yes") == 3
        error = capsys.readouterr().err
        assert "production: has been locked by " in error
        assert ": exam week\n  next: python -m bootstrapper unlock production" in error
        assert run(project, "unlock") == 0
        assert not (project / ".deploy/pushes").exists()
    assert run(project, "deploy", "--yes") == 0
    assert "exam week" not in capsys.readouterr().err
