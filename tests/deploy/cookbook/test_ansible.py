"""A fleet is brought up to date by the real ansible-core, over real ssh servers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.recipe_runner import Push, Ran, push
from tests.support.ssh_server import serve as serve_ssh
from tests.support.web import Reply, Request, serve
from vendor_fetch.index.index import configured_index


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ansible-playbook, in an environment of its own."""
    directory = tmp_path_factory.mktemp("ansible")
    environment = {**os.environ, **configured_index(directory).environment}
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", directory / "ve"], check=True, env=environment)
    subprocess.run(
        [*uv, "pip", "install", "-q", "-p", directory / "ve/bin/python", "ansible-core>=2.18"],
        check=True,
        env=environment,
    )
    return directory / "ve/bin/ansible-playbook"


# Ansible itself puts in the variables that it finds in a path (unfrackpath), so there is no $.
NAME = """it's a "ünï" name"""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Two hosts that share this machine's disk: each has a directory of its own in the target."""

    push: Push
    hosts = ("app1", "app2")

    def live(self) -> list[str]:
        """What each host's visitors see."""
        return [
            os.readlink(self.push.target / host / "current")
            if (self.push.target / host / "current").is_symlink()
            else ""
            for host in self.hosts
        ]

    def run(self, recipe: str, number: int, **settings: str) -> Ran:
        """Push a release of that number."""
        self.push.numbered(number)
        (self.push.checkout / "number").write_text(str(number))
        return self.push.run(recipe, **settings)


@pytest.fixture
def fleet(tmp_path: Path, playbook: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))  # Ansible keeps files there
    with (
        serve_ssh(tmp_path / "ssh", *Fleet.hosts) as servers,
        push(tmp_path, host=Fleet.hosts[0], config=servers[0].config, name=NAME) as made,
    ):
        hosts = {
            host: {
                "remote_directory": str(made.target / host),
                "ansible_remote_tmp": str(tmp_path / "ansible tmp"),
                "ansible_host": host,
            }
            for host in Fleet.hosts
        }
        (made.checkout / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts}}))
        made.settings |= {
            "ANSIBLE_INVENTORY": "hosts.yml",
            "ANSIBLE_PLAYBOOK": str(playbook),
            "ANSIBLE_SERIAL": "1",
        }
        yield Fleet(push=made)


def test_a_fleet_goes_live_host_by_host(fleet: Fleet) -> None:
    program(fleet.push.checkout / "bootstrap.py", "mkdir -p ve; touch ve/built")
    (fleet.push.checkout / "data").mkdir()
    fleet.run("ansible-rollout", 1, REMOTE_PYTHON="bash").ok()
    assert fleet.live() == ["releases/1"] * 2
    fleet.run("ansible-rollout", 2, REMOTE_PYTHON="bash").ok()
    assert fleet.live() == ["releases/2"] * 2
    for host in fleet.hosts:
        target = fleet.push.target / host
        assert sorted(os.listdir(target)) == ["current", "previous", "releases", "shared"]
        assert sorted(os.listdir(target / "releases")) == ["1", "2"]
        assert (target / "current/number").read_text() == "2"
        assert (target / "current/ve/built").exists()
        assert os.readlink(target / "current/data") == "../../shared/data"
        assert os.readlink(target / "previous") == "releases/1"


def test_a_fleet_shares_what_is_named_and_loses_nothing(fleet: Fleet) -> None:
    uploads = fleet.push.checkout / "public/uploads"
    uploads.mkdir(parents=True)
    (uploads / ".gitkeep").touch()
    fleet.run("ansible-rollout", 1, SHARED_PATHS="public/uploads .env").ok()
    photo = fleet.push.target / "app1/shared/public/uploads/photo"
    photo.write_text("precious")
    fleet.run("ansible-rollout", 2, SHARED_PATHS="public public/uploads").failed(
        "of public/uploads and public, one lies in the other"
    )
    fleet.run("ansible-rollout", 2, SHARED_PATHS="public/").ok()
    assert photo.read_text() == "precious"
    assert (fleet.push.target / "app1/current/public/uploads/photo").read_text() == "precious"
    assert (fleet.push.target / "app1/releases/1/.env").is_symlink()


def test_a_host_that_turns_sick_goes_back_and_the_others_are_not_begun(fleet: Fleet) -> None:
    fleet.run("ansible-rollout", 1).ok()

    def reply(request: Request) -> Reply:
        return (500 if fleet.live()[0] == "releases/2" else 200), "here"

    with serve(reply) as web:
        ran = fleet.run("ansible-rollout", 2, ANSIBLE_SMOKE_URL=web.url, ANSIBLE_SMOKE_TRIES="2")
    ran.failed("release 2 is not on all hosts")
    assert "smoke test: failed here; the previous release is live again" in ran.stdout + ran.stderr
    assert fleet.live() == ["releases/1"] * 2
    assert not (fleet.push.target / "app2/releases/2").exists()


def test_what_is_missing_for_ansible_is_reported(fleet: Fleet) -> None:
    fleet.run("ansible-rollout", 1, ANSIBLE_PLAYBOOK="no-ansible").failed(
        "no-ansible: not installed on this machine"
    )
    fleet.run("ansible-rollout", 1, ANSIBLE_INVENTORY="nowhere.yml").failed(
        "there is no nowhere.yml"
    )
    assert fleet.live() == ["", ""]


def test_a_release_that_cannot_be_built_goes_live_nowhere(fleet: Fleet) -> None:
    program(fleet.push.checkout / "bootstrap.py", "echo no wheel >&2; exit 1")
    ran = fleet.run("ansible-rollout", 1, REMOTE_PYTHON="bash").failed(
        "release 1 is not on all hosts"
    )
    assert "no wheel" in ran.stdout + ran.stderr
    assert fleet.live() == ["", ""]
