"""A deployment's rows out of a deployments.toml, as the engine reads it."""

import tempfile
from pathlib import Path

from bootstrapper.deploy.project import definition
from bootstrapper.deploy.project.deployment import FILE
from bootstrapper.deploy.project.fault import Faulty
from bootstrapper.deploy.project.setting import environment
from bootstrapper.errors import InputError

from history.models import recording

from .models import Flag, Setting, Stage


class ImportFault(Exception):  # noqa: N818 - its faults are the user's, told in a form
    """The file can't be taken; `faults` says why, each in a sentence."""

    def __init__(self, faults):
        """Keep them."""
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


def read(text, name=""):
    """Return the engine's Deployment of that name, or the default one. Raises ImportFault."""
    with tempfile.TemporaryDirectory() as project:
        path = Path(project, FILE)
        path.parent.mkdir()
        path.write_text(text.replace("\r\n", "\n"))
        try:
            found = definition.read(Path(project))
        except Faulty as error:
            raise ImportFault(f"Line {fault.line}: {fault.text}." if fault.line
                              else f"{fault.text}." for fault in error.faults) from None
        try:
            return found.deployment(name if name in found.deployments else "")
        except InputError as error:
            raise ImportFault([f"It {error.fault}."]) from None


def fill(deployment, text, user):
    """Give a deployment that has no rows yet what the file says. Raises ImportFault."""
    told = read(text, deployment.name)
    with recording(user, deployment, deployment):
        deployment.branch, deployment.on_failure = told.branch, told.on_failure
        deployment.timeout, deployment.idle_timeout = told.timeout, told.idle_timeout
        deployment.batch = "" if str(told.batch) == "100%" else str(told.batch)
        deployment.max_failures = told.max_failures
        deployment.save()
    for row in _rows(deployment, told):
        with recording(user, row, deployment):
            row.save()


def _rows(deployment, told):
    for position, stage in enumerate(told.stages):
        yield Stage(
            deployment=deployment, position=position, name=stage.name, recipe=stage.recipe,
            timeout=None if stage.timeout == told.timeout else stage.timeout,
            idle_timeout=None if stage.idle_timeout == told.idle_timeout else stage.idle_timeout)
    for name, value in told.settings.items():
        lines = isinstance(value, tuple) and name == "REMOTE_HOSTS"
        yield Setting(deployment=deployment, name=name,
                      text="\n".join(value) if lines else environment(value))
    for name in told.secrets:
        secret = Setting(deployment=deployment, name=name, secret=True)
        secret.value = ""
        yield secret
    for name, flag in told.flags.items():
        kind = Flag.Kind.SWITCH if flag.boolean else Flag.Kind.TEXT
        yield Flag(deployment=deployment, name=name, description=flag.description, kind=kind,
                   default=flag.value)
