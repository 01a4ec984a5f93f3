"""A real CAS server on loopback: django-cas-server, in an environment of its own."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.oidc import free_port, listens
from tests.support.processes import ENDS_WITH_US
from tests.support.rolf_home import environment, until

SITE = Path(__file__).with_name("cas_site.py")
PASSWORD = "correct horse"
PEOPLE = {
    "ada": {
        "groups": ["rolf-web", "staff"],
        "displayName": "Ada Lovelace",
        "mail": "ada@example.org",
    },
    "grace": {"groups": "staff", "displayName": "Grace Hopper"},
}
# Rolf gets all attributes, and the log-out of each person.
SERVICE = """
from cas_server.models import ReplaceAttributName, ServicePattern
rolf = ServicePattern.objects.create(
    name="Rolf", pattern="^http://127[.]0[.]0[.]1:[0-9]+/", single_log_out=True)
ReplaceAttributName.objects.create(name="*", service_pattern=rolf)
"""


@dataclass
class Server:
    """A server that runs at `url`; its people are a file."""

    url: str
    directory: Path
    process: "subprocess.Popen[bytes]"

    def put(self, name: str, **attributes: Any) -> None:
        """Change the attributes of a person."""
        file = self.directory / "people.json"
        people = json.loads(file.read_text()) if file.exists() else {}
        people[name] = {"password": PASSWORD, "attributes": attributes}
        file.write_text(json.dumps(people))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@contextmanager
def server(python: Path, directory: Path) -> Iterator[Server]:
    """Run the server in a new directory, with PEOPLE."""
    directory.mkdir()
    shutil.copy(SITE, directory)
    own = {**environment(), "DJANGO_SETTINGS_MODULE": "cas_site"}
    django = [python, "-m", "django"]
    for words in (["migrate", "-v0"], ["shell", "-c", SERVICE]):
        subprocess.run([*django, *words], cwd=directory, env=own, check=True)
    port = free_port()
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [*ENDS_WITH_US, *django, "runserver", "--noreload", f"127.0.0.1:{port}"],
            cwd=directory,
            env=own,
            stdout=log,
            stderr=log,
        )
    try:
        assert until(lambda: listens(port) or process.poll() is not None)
        found = Server(f"http://127.0.0.1:{port}/cas/", directory, process)
        for name, attributes in PEOPLE.items():
            found.put(name, **attributes)
        yield found
    finally:
        process.terminate()
        process.wait()
