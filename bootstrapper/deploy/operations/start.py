"""What a push that is resumed begins with: pure."""

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.errors import InputError
from bootstrapper.program import PROGRAM

_OVER = (State.SUCCEEDED, State.SKIPPED)


def completed_stages(record: Record) -> set[tuple[int, str]]:
    """The stages, and hosts of stages, that needn't run again."""
    return {
        (index, host)
        for index, stage in enumerate(record.stages)
        for host, run in (stage.hosts or {"": stage}).items()
        if run.state in _OVER
    }


def require_outputs(record: Record) -> None:
    """Raise InputError where a stage has handed on a secret, which nobody has kept."""
    masked = [name for name, value in record.outputs.items() if "[masked " in value]
    if masked:
        raise InputError(
            f"push {record.id}",
            f"a stage handed on {masked[0]}, which holds a secret and so wasn't kept",
            f"{PROGRAM} deploy {record.deployment}",
        )
