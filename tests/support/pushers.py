"""Two people who push to the same target."""

from pathlib import Path

import pytest

from bootstrapper.deploy.target.holder import Holder, machine, now
from bootstrapper.deploy.target.ssh import HERE, Ssh
from bootstrapper.deploy.target.targets import Targets
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
