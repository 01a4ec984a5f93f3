"""Two people who push to the same target."""

from pathlib import Path

import pytest

from bootstrapper.deploy.events.times import now
from bootstrapper.deploy.machine.directory import machine
from bootstrapper.deploy.machine.holder import Holder
from bootstrapper.deploy.remote.hosts import Targets
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from bootstrapper.errors import BootstrapperError

ANNA = Holder(who="anna", machine="laptop", since=now(), deployment="production", push="12")
BEN = Holder(who="ben", machine=machine(), since=now(), deployment="production")


def hold(ssh: Ssh, directory: Path, holder: Holder = ANNA, host: str = HERE) -> Targets:
    """Anna's push, or whose it is: entered, it holds the target."""
    return Targets(ssh, [host], str(directory), holder)


def refusal(ssh: Ssh, directory: Path, holder: Holder = BEN) -> BootstrapperError:
    """What Ben's push is told, or whose it is."""
    with pytest.raises(BootstrapperError) as caught, hold(ssh, directory, holder):
        pass
    return caught.value
