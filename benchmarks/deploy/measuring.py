"""Pushes, measured: everything that goes into the page."""

import sys
from pathlib import Path

from benchmarks import machine
from benchmarks.contender import PYTHON, Contender
from benchmarks.deploy import fleet, ours, overhead
from benchmarks.deploy.peer import peers
from benchmarks.deploy.results import Results
from benchmarks.deploy.site import Site, build, lighten, never_rebuild, publish
from benchmarks.race import Seconds, progress, race
from benchmarks.subject import generate, twin, vendor
from tests.support.ssh_server import SSHD, serve

HOSTS, LINES = 50, 1_000_000
NEEDED = {
    SSHD: "openssh-server",
    "/usr/bin/ssh": "openssh-client",
    "/usr/bin/rsync": "rsync",
    "/usr/bin/git": "git",
}


def measure(scratch: Path, runs: int, *, quick: bool) -> Results:
    """Everything, one thing after the other."""
    missing = [package for path, package in NEEDED.items() if not Path(path).exists()]
    if missing:
        sys.exit(f"pushes can't be measured without: apt-get install {' '.join(missing)}")
    described = machine.described(scratch)
    home = scratch / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\n    name = Bench\n    email = bench@example.org\n")
    lines = scratch / "lines"
    overhead.write_lines(lines, LINES // 10 if quick else LINES)
    with (
        serve(scratch / "ssh", "production") as (server,),
        fleet.servers(scratch / "fleet", 5 if quick else HOSTS) as hosts,
    ):
        target = scratch / "targets" / "ours"
        settings = {"SSH_CONFIG": str(server.config), "REMOTE_HOST": "production"}
        site = _site(
            scratch,
            {
                "production": (ours.STAGES, {**settings, "REMOTE_DIRECTORY": str(target)}),
                **overhead.deployments(lines),
                **fleet.deployments(hosts),
            },
        )
        own = ours.push(site, target, home)
        others = peers(site, scratch, home, server.config)
        progress("pushes")
        pushing = race([own, *others.pushers.values()], runs)
        progress("rollbacks")
        login = Contender(
            title="a login, nothing else",
            directory=home,
            commands=[["ssh", "-F", server.config, server.host, "true"]],
        )
        rolling_back = race([ours.rollback(own), *others.rollbacks.values(), login], runs)
        progress("pushes that rebuild")
        rebuilding = _rebuilding(scratch, home, settings, runs)
        progress("stages and lines")
        costs = overhead.overhead(site, scratch, home, lines, runs)
        progress("hosts")
        many = fleet.fleet(site, hosts, home, min(runs, 3))
    return Results(
        machine=described,
        runs=runs,
        files=site.files(),
        missing=others.missing,
        versions={
            "Python": machine.version([PYTHON]),
            "OpenSSH": machine.version(["ssh"], "-V"),
            "git": machine.version(["git"]),
            "rsync": machine.version(["rsync"]),
            "bash": machine.version(["bash"]),
            **others.versions,
        },
        pushing=pushing,
        rolling_back=rolling_back,
        rebuilding=rebuilding,
        overhead=costs,
        fleet=many,
    )


def _site(scratch: Path, deployments: dict[str, ours.Deployment]) -> Site:
    site = Site(work=generate(scratch / "light"), repository=scratch / "light.git")
    build(site.work, scratch / "store")
    lighten(site.work)
    overhead.write_recipes(site.work)
    publish(site, ours.definition(site, deployments))
    return site


def _rebuilding(scratch: Path, home: Path, settings: dict[str, str], runs: int) -> Seconds:
    """The set of requirements.in travels with both pushes; one of them also rebuilds there."""
    first = generate(scratch / "heavy")
    vendor(first)
    pushers = []
    for title, stages in {ours.REBUILDING: ours.REBUILD_STAGES, ours.PLAIN: ours.STAGES}.items():
        name = title.split()[0]
        site = Site(work=twin(first, scratch / name), repository=scratch / f"{name}.git")
        build(site.work, scratch / "store")
        if title == ours.PLAIN:
            never_rebuild(site.work)
        target = scratch / "targets" / name
        publish(
            site,
            ours.definition(
                site,
                {
                    name: (
                        stages,
                        {**settings, "REMOTE_DIRECTORY": str(target), "REMOTE_PYTHON": str(PYTHON)},
                    )
                },
            ),
        )
        pushers.append(ours.push(site, target, home, name, title))
    return race(pushers, runs)
