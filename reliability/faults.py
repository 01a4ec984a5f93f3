"""What happens to an installation while its users push.

All of it runs in the main thread: a server that another thread starts ends with that thread
(prctl(2), PR_SET_PDEATHSIG).
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reliability.installation import DATABASE, Installation
from reliability.verdict import Death
from tests.support.namespaces import Machine


@dataclass
class Faults:
    """What was done so far: `deaths` of workers, and how often each kind of fault.

    `over` returns whether the users have finished.
    """

    installation: Installation
    over: Callable[[], bool]
    deaths: list[Death] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)  # names of machines

    def wait(self, seconds: float = float("inf")) -> bool:
        """Wait for that time, or until the users have finished. Return whether they have not."""
        end = time.monotonic() + seconds
        while not self.over() and time.monotonic() < end:
            self.restart_ended()
            time.sleep(0.1)
        return not self.over()

    def restart_ended(self) -> None:
        """Start workers again that have ended by themselves, as systemd does."""
        for worker in self.installation.workers:
            if worker.program and worker.program.ended:
                worker.start()
                self.count("worker started again")

    def count(self, name: str) -> None:
        """Count a fault."""
        self.counts[name] = self.counts.get(name, 0) + 1

    def cut_off(self, machine: Machine, seconds: float) -> None:
        """Cut the cable of a machine for that many seconds."""
        machine.cut()
        self.cut.add(machine.name)
        time.sleep(seconds)
        machine.heal()
        self.count(f"cable cut for {seconds:g} s")

    def kill(self, victim: str, chance: random.Random) -> None:
        """Kill one process of a kind by SIGKILL, and start it again at once, as systemd does."""
        one = self.installation
        match victim:
            case "worker":
                worker = chance.choice(one.workers)
                self.deaths.append(Death(time.monotonic(), worker.machine.name, worker.inner_pid))
                worker.kill()
                worker.start()
            case "web":
                chance.choice(one.webs).kill()
            case "PostgreSQL":
                one.postgresql.kill()
                one.postgresql.start()
            case "Redis":
                assert one.redis
                one.redis.kill()
                one.redis.start()
        self.count(victim)


def kills(seconds: float, victims: Sequence[str], seed: str) -> Callable[[Faults], None]:
    """Return what kills again and again, with that many seconds in between.

    Each kind of victim has its turn, in random order.
    """
    chance = random.Random(seed)

    def act(faults: Faults) -> None:
        turns: list[str] = []
        while faults.wait(seconds):
            turns = turns or chance.sample(victims, len(victims))
            faults.kill(turns.pop(), chance)

    return act


def outages(seconds: float, between: float) -> Callable[[Faults], None]:
    """Return what stops PostgreSQL for that many seconds, again and again."""

    def act(faults: Faults) -> None:
        while faults.wait(between):
            faults.installation.postgresql.stop()
            time.sleep(seconds)
            faults.installation.postgresql.start()
            faults.count(f"PostgreSQL away for {seconds:g} s")

    return act


def cuts(seconds: float, between: float) -> Callable[[Faults], None]:
    """Return what cuts the cable of each machine in turn for that many seconds."""

    def act(faults: Faults) -> None:
        number = 0
        while faults.wait(between):
            machines = faults.installation.machines
            faults.cut_off(machines[number % len(machines)], seconds)
            number += 1

    return act


def cut_once(seconds: float, after: float) -> Callable[[Faults], None]:
    """Return what cuts the cable of the first machine once."""

    def act(faults: Faults) -> None:
        if faults.wait(after):
            faults.cut_off(faults.installation.machines[0], seconds)
        faults.wait()

    return act


def flushes(waiting: int) -> Callable[[Faults], None]:
    """Return what empties Redis once, when that many pushes are queued."""

    def act(faults: Faults) -> None:
        one = faults.installation
        count = "SELECT count(*) FROM pushes_push WHERE state = 'queued'"
        while faults.wait(0.2):
            if int(one.postgresql.sql(count, DATABASE)) >= waiting:
                assert one.redis
                assert one.redis.command("FLUSHALL") == "+OK"
                faults.count("FLUSHALL")
                break
        faults.wait()

    return act


def upgrade(faults: Faults) -> None:
    """Switch `current` to another release, as a push of Rolf does, twice."""
    home = faults.installation.home
    for name in ("second", "third"):
        if faults.wait(8):
            home.release(name, home.current.resolve())
            home.switch(name)
            faults.count("new release")
    faults.wait()
