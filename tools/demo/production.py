"""The demo's production: a directory on this machine. The template's stages push to it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PAGE = "main/templates/main/index.html"
LEAD = re.compile(r'<p class="lead">.*?</p>')
DEFINITION = "deploy/deployments.toml"
TOOLS = ("bash", "git", "make")
RESTART = """\
# Restarts the demo's server with the live release; with Apache, this is touch-wsgi.
#
# needs: REMOTE_HOST SERVER_PID
ssh "$REMOTE_HOST" kill -HUP "$SERVER_PID"
"""


def missing() -> list[str]:
    """Return the programs that pushes need and this machine lacks."""
    return [tool for tool in TOOLS if not shutil.which(tool)]


@contextmanager
def server(directory: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server for the release `current` in a directory, and end it afterwards."""
    directory.mkdir()
    script = Path(__file__).with_name("server.py")
    process = subprocess.Popen(
        [sys.executable, script, directory, str(port)], start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


class Site(NamedTuple):
    """A directory that receives pushes, and its server."""

    directory: Path
    address: str
    server_pid: int


def _changes(template: str, site: Site) -> dict[str, str]:
    """Return the changes to the deployment whose directory is `template` in the template."""
    return {
        'REMOTE_HOST = ""': f'REMOTE_HOST = "."  # this machine, without ssh\n'
        f'SMOKE_URL = "{site.address.rstrip("/")}"\n'
        f"SERVER_PID = {site.server_pid}",
        f'REMOTE_DIRECTORY = "{template}"': f'REMOTE_DIRECTORY = "{site.directory}"',
        '"activate-release", "touch-wsgi"': '"activate-release", "restart-server"',
    }


class Production:
    """The demo project and its production directory."""

    def __init__(self, project: Path, directory: Path, address: str) -> None:
        self.project = project
        self.directory = directory
        self.address = address

    def prepare(self, server_pid: int, staging: "Site") -> None:
        """Put the project under git, and define its deployments production and staging."""
        repository = self.directory.with_name("repository.git")
        self._run("git", "init", "--quiet", "--bare", "-b", "main", str(repository))
        self._run("git", "init", "--quiet", "-b", "main")
        self._run("git", "config", "user.name", "Demo")
        self._run("git", "config", "user.email", "demo@example.org")
        self._run("git", "remote", "add", "origin", str(repository))
        self._define(
            {
                'REPOSITORY = ""': f'REPOSITORY = "{repository}"',
                'REMOTE_PYTHON = "/usr/bin/python3"': f'REMOTE_PYTHON = "{sys.executable}"',
                **_changes("/var/www/demo_site", Site(self.directory, self.address, server_pid)),
            }
        )
        # The lines of production are replaced by now, so the same lines are those of staging.
        self._define(_changes("/var/www/demo_site-staging", staging))
        (self.project / "deploy/recipes/restart-server.sh").write_text(RESTART)
        self.commit("A new site")

    def show(self, text: str, message: str = "") -> None:
        """Change the text of the front page, and commit."""
        page = self.project / PAGE
        page.write_text(LEAD.sub(f'<p class="lead">{text}</p>', page.read_text()))
        self.commit(message or text)

    def commit(self, message: str) -> None:
        """Commit all changes, and push them to the repository of the deployments."""
        self._run("git", "add", "--all")
        self._run("git", "commit", "--quiet", "-m", message)
        self._run("git", "push", "--quiet", "origin", "main")

    def bootstrapper(self, *words: str) -> None:
        """Print a command of bootstrapper, and run it."""
        command = ["ve/bin/python", "-m", "bootstrapper", *words]
        print(f"\n$ {shlex.join(command)}", flush=True)
        self._run(*command)

    def _define(self, changes: dict[str, str]) -> None:
        path = self.project / DEFINITION
        text = path.read_text()
        for old, new in changes.items():
            assert old in text, f"{DEFINITION} has no {old}"
            text = text.replace(old, new, 1)
            print(*(f"  {line}" for line in new.splitlines()), sep="\n")
        path.write_text(text)

    def _run(self, *command: str) -> None:
        # If a git hook runs the demo, git's variables name another repository.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("GIT_")
        }
        subprocess.run(command, cwd=self.project, env=environment, check=True)
