"""Somebody's clone of a project, from which they push."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PAGE = "main/templates/main/index.html"


@dataclass(frozen=True, kw_only=True)
class WorkingCopy:
    """The project's directory, under git, with a remote called origin."""

    directory: Path

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.directory, check=True, text=True,
                              capture_output=True).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything, push it to origin, and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text, which must be there, in a file."""
        path = self.directory / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new))

    def show(self, text: str) -> str:
        """Have the front page say something, and its style sheet, too; commit that."""
        page = self.directory / PAGE
        page.write_text(page.read_text().partition("{% block content %}")[0] + (
            "{% block content %}\n<section class=\"hero\">\n<h1>{{ project.name }}</h1>\n"
            f"<p class=\"lead\">{{{{ project.description }}}}</p>\n<p>{text}</p>\n</section>\n"
            "{% endblock %}\n"))
        style = self.directory / "main" / "static" / "main" / "site.css"
        style.write_text(f"{style.read_text().partition('/* now: ')[0]}/* now: {text} */\n")
        return self.commit(text)

    def bootstrapper(self, *arguments: str, timeout: float = 300) -> (
            "subprocess.CompletedProcess[str]"):
        """`python -m bootstrapper …` of the project's own ve, with no terminal."""
        return subprocess.run(self.command(*arguments), cwd=self.directory, check=False, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout,
                              env={name: value for name, value in os.environ.items()
                                   if not name.startswith(("GIT_", "SSH_"))})

    def command(self, *arguments: str) -> list[str]:
        return [str(self.directory / "ve/bin/python"), "-m", "bootstrapper", *arguments]

    def does(self, *arguments: str) -> str:
        """Run a command of bootstrapper that must end well; returns all that it said."""
        run = self.bootstrapper(*arguments)
        assert run.returncode == 0, f"{arguments}: {run.returncode}\n{run.stdout}{run.stderr}"
        return run.stdout + run.stderr
