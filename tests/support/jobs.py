"""Jobs that tests run, and their processes: all of them, wherever they went."""

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.deploy.events.event import Event, Note, Output
from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.running.job import Job, JobOutcome
from bootstrapper.deploy.running.job_run import Patience
from bootstrapper.deploy.running.runner import Runner

# Bash code: wait until the process started last, by `setsid ... &`, has a session of its own.
DETACHED = 'until [ "$(ps -o sid= $!)" -eq $! ]; do sleep 0.02; done'
QUICK = Patience(interrupted=0.3, terminated=0.3, lingering=0.2, left=0.3, open=0.3)


class Recorder:
    """A runner whose events are kept, and whose jobs are marked by their environment."""

    def __init__(self) -> None:
        self.mark = f"JOB_MARK={uuid.uuid4()}"
        self.events: list[Event] = []
        self.reason = ""
        self.on_event: Callable[[Event], None] = self.events.append
        self.runner: Runner

    def job(
        self,
        *argv: str,
        timeout: float | None = None,
        idle_timeout: float | None = None,
        stage: int = 0,
        host: str = "",
        environment: Mapping[str, str] | None = None,
        directory: Path = Path("/"),
    ) -> Job:
        name, _, value = self.mark.partition("=")
        return Job(
            stage=stage,
            host=host,
            argv=argv,
            directory=directory,
            timeout=timeout,
            idle_timeout=idle_timeout,
            environment={"PATH": os.environ["PATH"], name: value, **(environment or {})},
        )

    def bash(
        self,
        code: str,
        *,
        timeout: float | None = None,
        idle_timeout: float | None = None,
        host: str = "",
    ) -> JobOutcome:
        (outcome,) = self.runner.run(
            [self.job("bash", "-c", code, timeout=timeout, host=host, idle_timeout=idle_timeout)]
        )
        return outcome

    @property
    def output(self) -> bytes:
        return b"".join(event.data for event in self.events if isinstance(event, Output))

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Note)]

    @property
    def alive(self) -> list[int]:
        return alive(self.mark)


@contextmanager
def recorded(
    secrets: Mapping[str, str] | None = None,
    patience: Patience = QUICK,
    tick: Callable[[], None] = lambda: None,
    account: Account | None = None,
) -> Iterator[Recorder]:
    """A runner that stands by."""
    recorder = Recorder()
    with Runner(
        emit=lambda event: recorder.on_event(event),
        clock=PushClock(),
        masking=SecretMasker(secrets or {}),
        cancelled=lambda: recorder.reason,
        tick=tick,
        patience=patience,
        account=account,
    ) as recorder.runner:
        yield recorder


def alive(mark: str) -> list[int]:
    """The processes that have a word in their environment; those that have ended don't count."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            environment = Path("/proc", name, "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in environment:
            found.append(int(name))
    return found


def wait_for(what: Callable[[], object], seconds: float = 30) -> float:
    """Until it is so; returns how long that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it didn't happen"
        time.sleep(0.01)
    return time.monotonic() - began
