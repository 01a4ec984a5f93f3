"""The pushes of a project, kept in files of its own: what the command line keeps them in."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from bootstrapper.deploy.environment import PYTHON_STAGE, file_name
from bootstrapper.deploy.journal import journals
from bootstrapper.deploy.journal.journal import Journal, home
from bootstrapper.deploy.journal.record import Record
from bootstrapper.deploy.plan import Plan
from bootstrapper.deploy.snapshot import load


class ProjectJournals:
    """Those below `.deploy/pushes/`."""

    def __init__(self, project: Path) -> None:
        self._project = project

    def sweep(self, running: journals.Running) -> None:
        """Remove the checkouts that nobody needs any more."""
        journals.sweep(self._project, running)

    def pushes(self, running: journals.Running, deployment: str) -> Iterable[Record]:
        """A deployment's, newest first."""
        return journals.pushes(self._project, running, deployment)

    def last_id(self) -> int:
        """The highest number that a push was ever given here; 0 if there was none."""
        return journals.last_id(self._project)

    def create(self, plan: Plan) -> Journal:
        """Begin the journal of a push. FileExistsError if its number is taken."""
        return Journal.create(self._project, plan.id, plan.snapshot(), code_files(plan))

    def plan(self, number: int, secrets: Mapping[str, str]) -> Plan | None:
        """What a push was, with today's `secrets`; None if it wasn't made here.

        Raises InputError if that can't be read, or a secret of then has no value now.
        """
        if not (home(self._project) / str(number) / "snapshot.json").exists():
            return None
        return load(self._project, number, secrets)


def code_files(plan: Plan) -> dict[str, str]:
    """The files of a push's stages/: the stages' code, and what runs those in Python."""
    code = {file_name(index, stage): stage.code for index, stage in enumerate(plan.stages)}
    if any(stage.language == "python" for stage in plan.stages):
        code[PYTHON_STAGE] = files("bootstrapper.deploy.project").joinpath(
            "python_stage.py").read_text(encoding="utf-8")
    return code
