"""Real providers of OpenID Connect on loopback: oidc-provider-mock, and npm's oidc-provider."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from tests.support.processes import ENDS_WITH_US
from tests.support.rolf_home import until
from vendor_fetch.index.index import configured_index

STRICT = Path(__file__).with_name("oidc_provider.mjs")
PACKAGE = "oidc-provider@9"
PEOPLE = {
    "7": {
        "preferred_username": "ada",
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "groups": ["rolf-web", "staff"],
    },
    "8": {"preferred_username": "grace", "name": "Grace Hopper", "groups": ["staff"]},
}


@dataclass
class Provider:
    """A provider that runs; `issuer` is its address."""

    issuer: str
    process: "subprocess.Popen[bytes]"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def put(self, subject: str, **claims: Any) -> None:
        """Tell oidc-provider-mock about a person."""
        self._send("PUT", f"users/{subject}", {**PEOPLE[subject], **claims})

    def revoke(self, subject: str) -> None:
        """Let oidc-provider-mock revoke all tokens of a person."""
        self._send("POST", f"users/{subject}/revoke-tokens", {})

    def _send(self, method: str, path: str, body: Any) -> None:
        request = Request(f"{self.issuer}/{path}", json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        urlopen(request, timeout=20).close()


def python_environment(directory: Path, *packages: str) -> Path:
    """Return the Python of a new environment with the packages."""
    environment = {**os.environ, **configured_index(directory).environment}
    uv = [sys.executable, "-m", "uv"]
    python = directory / "ve/bin/python"
    subprocess.run([*uv, "venv", "-q", directory / "ve"], check=True, env=environment)
    subprocess.run(
        [*uv, "pip", "install", "-q", "-p", python, *packages], check=True, env=environment
    )
    return python


def node_environment(directory: Path) -> Path:
    """Return the script of the strict provider, beside its packages."""
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", PACKAGE],
        cwd=directory,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Path(shutil.copy(STRICT, directory))


@contextmanager
def mock(python: Path) -> Iterator[Provider]:
    """Run oidc-provider-mock, which knows PEOPLE."""
    port = free_port()
    with _running(port, [python, "-m", "oidc_provider_mock", "-p", str(port), "-n"]) as provider:
        for subject in PEOPLE:
            provider.put(subject)
        yield provider


@contextmanager
def strict(script: Path, port: int, people: Path, redirect: str) -> Iterator[Provider]:
    """Run npm's oidc-provider. The file `people` has the claims, which a test may change."""
    with _running(port, ["node", script, str(port), people, redirect]) as provider:
        yield provider


def free_port() -> int:
    """Return a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _running(port: int, command: Sequence["str | Path"]) -> Iterator[Provider]:
    process = subprocess.Popen(
        [*ENDS_WITH_US, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        assert until(lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, command
        yield Provider(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait()


def listens(port: int) -> bool:
    """Whether a server answers on the port."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
