"""The demo's Rolf: it has the site's deployment, and its users request a few pushes."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONTENT = Path(__file__).with_name("content.py")


class Rolf:
    """A running Rolf. `login` and `password` are those of its superuser.

    `people` has the passwords of the other users by login; `define()` creates them.
    """

    def __init__(self, directory: Path, address: str, facts: dict[str, str]) -> None:
        self.directory = directory
        self.address = address
        self.login = facts["login"]
        self.password = facts["password"].split()[0]
        self.people: dict[str, str] = {}

    def define(self, project: Path) -> None:
        """Create the users and the deployment of the site."""
        output = subprocess.run(
            ["ve/bin/python", CONTENT, "define", str(project)],
            cwd=self.directory,
            check=True,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
        self.people = dict(line.split() for line in output.splitlines())

    def push(self, person: str, comment: str, *flags: str) -> None:
        """Request a push as a user, and wait for its end."""
        self._content("push", person, comment, *flags)

    def rollback(self, person: str, comment: str) -> None:
        """Request a rollback as a user, and wait for its end."""
        self._content("rollback", person, comment)

    def pages(self) -> Iterator[tuple[int, str]]:
        """Log in and request the pages that the front page links to. Yield status and address."""
        visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        sign_in = f"{self.address}sign-in/"
        with visitor.open(sign_in, timeout=10) as answer:
            [token] = set(
                re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())
            )
        form = urllib.parse.urlencode(
            {"username": self.login, "password": self.password, "csrfmiddlewaretoken": token}
        ).encode()
        with visitor.open(sign_in, form, timeout=10) as answer:
            front = answer.read().decode()
            yield answer.status, answer.url
        for path in sorted(set(re.findall(r'href="/(deployments/\d+/[^"#?]*)', front))):
            try:
                with visitor.open(self.address + path, timeout=10) as answer:
                    yield answer.status, answer.url
            except urllib.error.HTTPError as error:
                error.close()
                yield error.code, self.address + path

    def _content(self, *words: str) -> None:
        subprocess.run(
            ["ve/bin/python", CONTENT, *words], cwd=self.directory, check=True, env=environment()
        )


@contextmanager
def running(directory: Path, port: int) -> Iterator[Rolf]:
    """Run Rolf with its worker, and end it afterwards."""
    address = f"http://127.0.0.1:{port}/"
    output = directory.with_name("rolf.output")
    with output.open("w") as file:
        process = subprocess.Popen(
            ["./manage.py", "rolf", "--port", str(port)],
            cwd=directory,
            env=environment(),
            start_new_session=True,
            stdout=file,
        )
    try:
        while "data" not in (facts := printed(output)) and process.poll() is None:
            time.sleep(0.1)
        if process.poll() is not None:
            raise subprocess.CalledProcessError(process.returncode, ["./manage.py rolf"])
        yield Rolf(directory, address, facts)
    finally:
        process.terminate()
        process.wait()


def printed(output: Path) -> dict[str, str]:
    """Return what Rolf has printed so far: its address, and the login."""
    lines = output.read_text().splitlines(keepends=True)
    pairs = [line.split(None, 1) for line in lines if line.endswith("\n")]
    return {title: text.strip() for title, text in pairs}


def environment() -> dict[str, str]:
    """Return the environment of a user who starts Rolf, without what git or make add."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "MAKE", "DJANGO_", "PYTHON"))
    }
