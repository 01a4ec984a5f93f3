"""The system user that stages run as, and their limits, as the settings of this machine say."""

import subprocess
from contextlib import suppress
from functools import cache

from bootstrapper.deploy.machine.account import Account, StageUser
from bootstrapper.deploy.machine.limits import Limits
from bootstrapper.errors import WorkFailed
from django.conf import settings


def stage_account():
    """Return the engine's Account."""
    limits = Limits(
        memory=settings.STAGE_MEMORY_MB,
        processes=settings.STAGE_PROCESSES,
        scope=settings.STAGE_SCOPE,
    )
    return _account(settings.STAGE_USER, settings.STAGE_COMMAND, limits)


@cache
def _account(user, command, limits):
    return StageUser(name=user, command=command, limits=limits) if user else Account(limits=limits)


def remove(directory):
    """Remove the directory of a push with everything that stages have created in it."""
    # rm takes directories of any depth, which a stage can create; Python's own functions do not.
    words = ["rm", "-rf", "--", str(directory)]
    account = stage_account()
    if account.other:
        # It removes what is the user's, and leaves what is ours.
        with suppress(WorkFailed):
            account.run(words)
    subprocess.run(words, check=False, stderr=subprocess.DEVNULL)  # noqa: S603
