"""Two people who push to the same target."""

from pathlib import Path

import pytest

from bootstrapper.deploy.events.times import iso_now
from bootstrapper.deploy.machine.directory import machine_name
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from bootstrapper.errors import BootstrapperError

ANNA = PushHolder(who="anna", machine="laptop", since=iso_now(), deployment="production", push="12")
BEN = PushHolder(who="ben", machine=machine_name(), since=iso_now(), deployment="production")


def hold(ssh: Ssh, directory: Path, holder: PushHolder = ANNA, host: str = HERE) -> RemoteHosts:
    """Anna's push, or whose it is: entered, it holds the target."""
    return RemoteHosts(ssh, [host], str(directory), holder)


def refusal(ssh: Ssh, directory: Path, holder: PushHolder = BEN) -> BootstrapperError:
    """The message of Ben's push, or whose push it is."""
    with pytest.raises(BootstrapperError) as caught, hold(ssh, directory, holder):
        pass
    return caught.value
