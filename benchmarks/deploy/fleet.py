"""One host and many, and what limits them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import Contender
from benchmarks.deploy import ours
from benchmarks.deploy.peer import PEERS
from benchmarks.deploy.pusher import Pusher
from benchmarks.deploy.site import Site
from benchmarks.race import Seconds, race
from tests.support.ssh_server import SshServer, serve

ONE, ALL = "one host", "all hosts"
SCRIPT, LOGINS = "all hosts, by a plain script", "a login at each host, nothing else"
# Relative, so that it is another directory at each host though all share this machine's disk.
DIRECTORY = "site"


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """`busy` is the share of this machine's processors that was in use in one run, by title."""

    hosts: int
    seconds: Seconds
    busy: Mapping[str, float]


@contextmanager
def servers(place: Path, number: int) -> Iterator[list[SshServer]]:
    """Hosts whose sessions each start in a home of their own."""
    with serve(place, *(f"host{each}" for each in range(number))) as running:
        for server in running:
            with (server.directory / "sshd_config").open("a") as file:
                file.write(f'ForceCommand cd "{server.home}" && eval "$SSH_ORIGINAL_COMMAND"\n')
            server.restart()
        yield running


def deployments(hosts: Sequence[SshServer]) -> dict[str, ours.Deployment]:
    """One for the first host, one for all."""
    return {
        name: (
            ours.STAGES,
            {
                "SSH_CONFIG": str(hosts[0].config),
                "REMOTE_DIRECTORY": DIRECTORY,
                "REMOTE_HOSTS": [host.host for host in some],
            },
        )
        for name, some in {"one": hosts[:1], "all": hosts}.items()
    }


def fleet(site: Site, hosts: Sequence[SshServer], home: Path, runs: int) -> Fleet:
    """Push to one and to all, in turn."""
    logins = "".join(f"ssh -F {host.config} {host.host} true & " for host in hosts)
    contenders = [
        ours.push(site, hosts[0].home / DIRECTORY, home, "one", ONE),
        ours.push(site, hosts[-1].home / DIRECTORY, home, "all", ALL),
        _script(site, hosts, home),
        Contender(title=LOGINS, directory=home, commands=[["bash", "-c", f"{logins}wait"]]),
    ]
    seconds = race(contenders, runs)
    busy = {}
    for contender in contenders:
        contender.prepare()
        busy[contender.title] = _busy(contender)
    return Fleet(hosts=len(hosts), seconds=seconds, busy=busy)


def _script(site: Site, hosts: Sequence[SshServer], home: Path) -> Pusher:
    target = DIRECTORY + "-script"
    return Pusher(
        title=SCRIPT,
        directory=home,
        commands=[["bash", str(PEERS / "fleet.sh")]],
        site=site,
        target=hosts[-1].home / target,
        environment={
            "HOME": str(home),
            "SSH_CONFIG": str(hosts[0].config),
            "REPOSITORY": site.url,
            "TARGET": target,
            "HOSTS": " ".join(host.host for host in hosts),
        },
    )


def _busy(contender: Contender) -> float:
    idle, total = _processors()
    contender.run()
    idle_then, total_then = _processors()
    return 1 - (idle_then - idle) / (total_then - total)


def _processors() -> tuple[int, int]:
    """Idle and all ticks since the start, of all processors: proc(5), /proc/stat."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)
