"""What the tests of init share: a directory to adopt, and the command as people run it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import Deployment
from tests.support.repository import git
from tests.support.shop import Shop, open_shop
from tests.support.web import Reply, Request, serve

Init = Callable[..., "subprocess.CompletedProcess[str]"]
ORIGIN = "git@git.example.org:shop.git"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git checkout with an origin, and with no file yet."""
    directory = tmp_path / "shop"
    git(tmp_path, "init", "-q", "-b", "trunk", directory)
    git(directory, "remote", "add", "origin", ORIGIN)
    return directory


def run(directory: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m bootstrapper WORDS` there, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "bootstrapper", *words],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(directory.parent)},
    )


def init(directory: Path, *words: str, status: int = 0) -> str:
    """Run init with --yes; return what it printed."""
    done = run(directory, "init", "--yes", *words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def write(directory: Path, files: Mapping[str, str]) -> None:
    """Write files of a project."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def production(directory: Path) -> Deployment:
    """Return the deployment that init wrote; fail if its file has a problem."""
    return reader.read(directory).deployment("production")


def stages(directory: Path) -> list[str]:
    return [stage.recipe for stage in production(directory).stages]


def content(directory: Path) -> dict[str, bytes]:
    """Return every file of a project outside of .git, by its path; a directory has no content."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else b""
        for path in directory.rglob("*")
        if ".git" not in path.relative_to(directory).parts
    }


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


@pytest.fixture
def page(shop: Shop) -> Iterator[Callable[[list[str]], str]]:
    """Return a function that makes a program of the live release the site, and returns its address."""
    command: list[str] = []

    def reply(request: Request) -> Reply:
        run = subprocess.run(
            command, cwd=shop.live / "current", capture_output=True, text=True, check=False
        )
        return (200 if run.returncode == 0 else 500), run.stdout + run.stderr

    def site(words: list[str]) -> str:
        command[:] = words
        return f"{web.url}/"

    with serve(reply) as web:
        yield site
