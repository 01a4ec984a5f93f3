"""The peers, each in its best ordinary configuration: see the files in peers/."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

from benchmarks import machine
from benchmarks.contender import PYTHON
from benchmarks.deploy.pusher import Pusher, Rollback
from benchmarks.deploy.site import Site

PEERS = Path(__file__).with_name("peers")
SCRIPT, CAPISTRANO, FABRIC, ANSIBLE = "plain script", "Capistrano", "Fabric", "ansible-playbook"
# Their names where they are installed from.
PACKAGES = ("fabric", "ansible-core")
PACKAGES_FAILED = f"uv pip install {' '.join(PACKAGES)} (it failed)"


@dataclass(frozen=True, kw_only=True)
class Peers:
    """Those that are there; `missing` says of the others why not."""

    pushers: Mapping[str, Pusher]
    rollbacks: Mapping[str, Rollback]
    versions: Mapping[str, str]
    missing: Mapping[str, str] = field(default_factory=dict)


def peers(site: Site, scratch: Path, home: Path, config: Path) -> Peers:
    """All of them push `site` to the host that `config` calls production."""
    own = shutil.copytree(PEERS, scratch / "peers")
    tools = _environment(scratch / "peers-ve")
    capistrano = Path(shutil.which("cap") or "/usr/bin/cap")
    pushers, versions, missing = {}, {}, {}

    def add(
        title: str,
        program: Path,
        install: str,
        at: Path,
        *words: str,
        environment: Mapping[str, str] = {},
        disconnect: Sequence[str] = (),
    ) -> None:
        if not program.exists():
            missing[title] = install
            return
        if title != SCRIPT:
            versions[title] = machine.version([program])
        target = scratch / "targets" / title.replace(" ", "-")
        pushers[title] = Pusher(
            title=title,
            directory=at,
            commands=[words],
            site=site,
            target=target,
            disconnect=disconnect,
            environment={
                "HOME": str(home),
                "SSH_CONFIG": str(config),
                "HOST": "production",
                "REPOSITORY": site.url,
                "TARGET": str(target),
                "WORK": str(site.work),
                **environment,
            },
        )

    add(SCRIPT, Path("/bin/bash"), "apt-get install bash", own, "bash", str(own / "push.sh"))
    add(
        CAPISTRANO,
        capistrano,
        "apt-get install capistrano",
        own / "capistrano",
        str(capistrano),
        "production",
        "deploy",
    )
    add(
        FABRIC,
        tools / "fab",
        PACKAGES_FAILED,
        own,
        str(tools / "fab"),
        "--ssh-config",
        str(config),
        "-H",
        "production",
        "push",
    )
    shared = f"-F {config} -o ControlMaster=auto -o ControlPersist=60s -o ControlPath={home}/%C"
    add(
        ANSIBLE,
        tools / "ansible-playbook",
        PACKAGES_FAILED,
        own / "ansible",
        "sh",
        "-c",
        'exec "$0" push.yml -e release=$(date +%Y%m%d%H%M%S%N)',
        str(tools / "ansible-playbook"),
        environment={"CHECKOUTS": str(scratch / "ansible"), "ANSIBLE_SSH_ARGS": shared},
        disconnect=["ssh", *shared.split(), "-O", "exit", "production"],
    )
    rollbacks = {
        SCRIPT: ["bash", str(own / "rollback.sh")],
        CAPISTRANO: [str(capistrano), "production", "deploy:rollback"],
    }
    return Peers(
        pushers=pushers,
        versions=versions,
        missing=missing,
        rollbacks={
            title: Rollback(
                title=title,
                directory=pushers[title].directory,
                commands=[words],
                environment=pushers[title].environment,
                pusher=pushers[title],
            )
            for title, words in rollbacks.items()
            if title in pushers
        },
    )


def _environment(place: Path) -> Path:
    """Where the programs are of those that come as Python packages, if they could be had."""
    commands: list[list[str | Path]] = [
        ["venv", "--python", PYTHON, place],
        ["pip", "install", "--compile-bytecode", "--python", place / "bin/python", *PACKAGES],
    ]
    for words in commands:
        subprocess.run([find_uv_bin(), *words, "--quiet"], check=False)
    return place / "bin"
