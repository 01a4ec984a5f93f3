"""The same push by command line, and by Rolf; the same steps by Rolf, and by Buildbot."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.deploy import ours
from benchmarks.deploy.site import Site, build, lighten, publish
from benchmarks.race import Seconds, progress, stopwatch
from benchmarks.rolf.buildbot import MISSING, Buildbot
from benchmarks.rolf.instance import Instance, empty, inside, started
from benchmarks.rolf.lap import Lap
from benchmarks.rolf.push import push
from benchmarks.rolf.results import BUILDBOT, COMMAND_LINE, ROLF
from benchmarks.subject import generate
from tests.support.ssh_server import serve

STEPS = [
    (f"step-{number}", f"for line in $(seq 20); do echo line $line of {number}; done\nsleep 0.1\n")
    for number in range(1, 6)
]


def by_command_line(project: Path, scratch: Path, runs: int) -> Seconds:
    """A site to a real OpenSSH server, by either; each brings a commit of its own, in turn."""
    home = empty(project, scratch / "pushing")
    with serve(scratch / "ssh", "production") as (server,):
        site = Site(work=generate(scratch / "light"), repository=scratch / "light.git")
        build(site.work, scratch / "store")
        lighten(site.work)
        settings = {"SSH_CONFIG": str(server.config), "REMOTE_HOST": "production"}
        definition = ours.definition(
            site,
            {
                name: (ours.STAGES, {**settings, "REMOTE_DIRECTORY": str(scratch / name)})
                for name in ("by-command", "by-rolf")
            },
        )
        publish(site, definition)
        file = scratch / "deployments.toml"
        file.write_text(definition)
        inside(home, "speakers", 1, 1)  # and with it who pushes
        key = inside(home, "site", file, "by-rolf")
        command = ours.push(site, scratch / "by-command", scratch, "by-command", COMMAND_LINE)
        with started(home) as rolf:
            browser = rolf.browser()
            return _in_turn(
                {
                    COMMAND_LINE: command.run,
                    ROLF: lambda: push(browser, key, says=""),
                },
                runs,
                site.commit,
            )


def _in_turn(
    pushers: Mapping[str, Callable[[], object]], runs: int, before: Callable[[], None]
) -> Seconds:
    seconds: dict[str, list[float]] = {title: [] for title in pushers}
    for number in range(runs + 1):
        titles = list(pushers) if number % 2 else list(reversed(pushers))
        for title in titles:
            before()
            took = stopwatch(pushers[title])
            if number:  # the first time is a warm-up
                seconds[title].append(took)
        progress(f"round {number}/{runs}")
    return seconds


def beside_buildbot(
    project: Path, scratch: Path, runs: int
) -> tuple[Mapping[str, Sequence[Lap]], Mapping[str, float], Mapping[str, str]]:
    """Laps, MB when all is over, and what is missing; each by title."""
    home = empty(project, scratch / "steps")
    file = scratch / "steps.json"
    file.write_text(json.dumps(STEPS))
    inside(home, "speakers", 1, 1)
    key = inside(home, "steps", file)
    peer = Buildbot(scratch / "buildbot", STEPS)
    peer.install()
    with started(home) as rolf:
        if not peer.there:
            laps = {ROLF: [_own(rolf, key) for _ in range(runs)]}
            return laps, {ROLF: rolf.megabytes}, {BUILDBOT: MISSING}
        with peer:
            return (
                _laps(rolf, key, peer, runs),
                {ROLF: rolf.megabytes, BUILDBOT: peer.megabytes},
                {},
            )


def _laps(rolf: Instance, key: int, peer: Buildbot, runs: int) -> Mapping[str, Sequence[Lap]]:
    found: dict[str, list[Lap]] = {ROLF: [], BUILDBOT: []}
    pushers = {ROLF: lambda: _own(rolf, key), BUILDBOT: peer.push}
    for number in range(runs + 1):
        for title in list(found) if number % 2 else reversed(list(found)):
            lap = pushers[title]()
            if number:
                found[title].append(lap)
        progress(f"round {number}/{runs}")
    return found


def _own(rolf: Instance, key: int) -> Lap:
    return push(rolf.browser(), key)
