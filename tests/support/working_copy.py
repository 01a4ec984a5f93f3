"""Somebody's clone of a project, from which they push."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = "main/templates/main/index.html"
STYLE = "main/static/main/site.css"
LEAD = re.compile('<p class="lead">.*?</p>')


@dataclass(frozen=True, kw_only=True)
class WorkingCopy:
    """The project's directory, under git, with a remote called origin."""

    directory: Path

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.directory, check=True, text=True, capture_output=True
        ).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything, push it to origin, and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text, which must be there, in a file."""
        path = self.directory / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new))

    def show(self, text: str) -> str:
        """Have the front page say something, and its style sheet differ; returns the commit."""
        page = self.directory / PAGE
        page.write_text(LEAD.sub(f'<p class="lead">{text}</p>', page.read_text()))
        style = self.directory / STYLE
        style.write_text(f"{style.read_text().partition('/* now: ')[0]}/* now: {text} */\n")
        return self.commit(text)

    def bootstrapper(
        self, *arguments: str, timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """`python -m bootstrapper …` of the project's own ve, with no terminal."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.directory,
            check=False,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            env={
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("GIT_", "SSH_"))
            },
        )

    def command(self, *arguments: str) -> list[str]:
        return [str(self.directory / "ve/bin/python"), "-m", "bootstrapper", *arguments]

    def pushes(self) -> list[dict[str, Any]]:
        """What `pushes --json` says, newest first."""
        found = json.loads(self.does("pushes", "--json"))
        assert isinstance(found, list)
        return found

    def does(self, *arguments: str) -> str:
        """Run a command of bootstrapper that must succeed; return all that it printed."""
        run = self.bootstrapper(*arguments)
        assert run.returncode == 0, f"{arguments}: {run.returncode}\n{run.stdout}{run.stderr}"
        return run.stdout + run.stderr
