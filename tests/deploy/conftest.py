"""What the tests of deployments share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.deploy.remote.ssh import Ssh
from tests.support.ssh_server import SshServer, serve


@pytest.fixture
def ssh_server(tmp_path: Path) -> Iterator[SshServer]:
    """An sshd of the test's own, which the host name `production` reaches by its `config`."""
    with serve(tmp_path / "ssh") as (server,):
        yield server


@pytest.fixture
def ssh() -> Iterator[Ssh]:
    """The ssh of a push, for the host `.`: this machine."""
    with Ssh() as entered:
        yield entered
