"""A small project with a repository of its own, deployed by the cookbook's recipes."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.repository import make_bare

STAGES = ("clear-checkout", "git-clone", "git-tag", "rsync-release", "activate-release")
# The settings of a deployment whose target is this machine.
HERE = 'REMOTE_HOST = "."'


@dataclass(frozen=True, kw_only=True)
class Shop:
    """`project` is a developer's work tree, `repository` what it pushes to, `live` the target's
    directory, which is on this machine whichever host it is reached by.
    """

    project: Path
    repository: Path
    live: Path

    def define(
        self,
        *,
        stages: Sequence[str] = STAGES,
        settings: str = "",
        deployment: str = "",
        top: str = "",
    ) -> None:
        """Write deploy/deployments.toml: one deployment, production."""
        directory = self.project / "deploy"
        directory.mkdir(exist_ok=True)
        (directory / "deployments.toml").write_text(
            f"{top}\n[deployments.production]\nstages = {json.dumps(list(stages))}\n{deployment}\n"
            f"[deployments.production.settings]\nREPOSITORY = {json.dumps(str(self.repository))}\n"
            f"REMOTE_DIRECTORY = {json.dumps(str(self.live))}\n{settings}\n"
        )

    def recipe(self, name: str, code: str) -> None:
        """Give the project a recipe of its own."""
        directory = self.project / "deploy/recipes"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(code)

    def commit(self, page: str) -> str:
        """Change the page, commit and push; returns the commit."""
        (self.project / "page.txt").write_text(page)
        git(self.project, "add", "-A")
        git(self.project, "commit", "-q", "-m", f"The page says {page}")
        git(self.project, "push", "-q", "origin", "main")
        return git(self.project, "rev-parse", "HEAD")

    def run(
        self, *words: str, project: Path | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """`python -m bootstrapper WORDS` in the project."""
        return subprocess.run(
            self.command(*words),
            cwd=project or self.project,
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
            env=self._environment(variables),
        )

    @property
    def program(self) -> str:
        """The command line without its words, as messages print it."""
        return shlex.join(self.command())

    @staticmethod
    def command(*words: str) -> list[str]:
        """The words of a command line."""
        return [sys.executable, "-m", "bootstrapper", *words]

    def start(self, *words: str, **variables: str) -> "subprocess.Popen[str]":
        """The same, not waited for."""
        return subprocess.Popen(
            self.command(*words),
            cwd=self.project,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._environment(variables),
        )

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """With a HOME of its own: a shell's start-up files must not slow down, nor be killed."""
        home = self.project.parent / "home"
        home.mkdir(exist_ok=True)
        return {**os.environ, "HOME": str(home), **variables}

    def page(self, live: Path | None = None) -> str:
        """What visitors see."""
        return ((live or self.live) / "current/page.txt").read_text()

    def record(self, number: int) -> Mapping[str, Any]:
        """What the journal says of a push."""
        result = self.project / f".deploy/pushes/{number}/result.json"
        return json.loads(result.read_bytes())  # type: ignore[no-any-return]

    def log(self, number: int) -> str:
        """The output of a push's stages."""
        return (self.project / f".deploy/pushes/{number}/output.log").read_text()


def git(directory: Path, *words: str) -> str:
    """Run git; returns what it prints."""
    return subprocess.run(
        ["git", *words], cwd=directory, check=True, capture_output=True, text=True
    ).stdout.strip()


def open_shop(directory: Path) -> Shop:
    """A shop with its first commit pushed, and no definition yet."""
    shop = Shop(
        project=directory / "my project",
        repository=directory / "repository.git",
        live=directory / "live",
    )
    make_bare(shop.repository)
    git(directory, "clone", "-q", str(shop.repository), str(shop.project))
    for name, value in (
        ("user.name", "Anna"),
        ("user.email", "anna@example.org"),
        ("commit.gpgsign", "false"),
    ):
        git(shop.project, "config", name, value)
    git(shop.project, "checkout", "-q", "-B", "main")
    shop.commit("one")
    return shop
