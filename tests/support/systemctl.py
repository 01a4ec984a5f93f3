#!/usr/bin/python3
"""systemctl on a machine without systemd: it runs installed units, and calls Debian's programs.

A unit runs as systemd would run it: its ExecStart as its User in its WorkingDirectory, again after each
end. The process that does so has its id, and that of the unit, in /run. What the unit prints goes to
/var/log, from where the test's journalctl takes it.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNITS = Path("/etc/systemd/system")
PROGRAMS = {
    ("restart", "postgresql"): ["pg_ctlcluster", "15", "main", "restart"],
    ("reload", "apache2"): ["apachectl", "graceful"],
    ("restart", "apache2"): ["apachectl", "restart"],
}


def main(*words: str) -> None:
    """Carry out a command. Exit with an error for one that no test knows."""
    match [word for word in words if word != "--now"]:
        case ["daemon-reload"]:
            assert any(UNITS.glob("*.service"))
        case ["enable" | "start", name] if (UNITS / f"{name}.service").exists():
            start(name)
        case ["stop", name] if (UNITS / f"{name}.service").exists():
            stop(name)
        case ["restart", name] if (UNITS / f"{name}.service").exists():
            stop(name)
            start(name)
        case [verb, name] if (verb, name) in PROGRAMS:
            subprocess.run(PROGRAMS[verb, name], check=True)
        case other:
            sys.exit(f"systemctl: no such unit or command: {' '.join(other)}")


def start(name: str) -> None:
    """Start a unit, as a daemon."""
    if os.fork():
        os.wait()
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    log = os.open(f"/var/log/{name}.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o640)
    for descriptor, number in ((os.open("/dev/null", os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(descriptor, number)
    Path(f"/run/{name}.keeper").write_text(str(os.getpid()))
    try:
        keep(name, dict(re.findall(r"^(\w+)=(.*)$", (UNITS / f"{name}.service").read_text(), re.M)))
    finally:
        os._exit(1)


def keep(name: str, unit: "dict[str, str]") -> None:
    """Run the unit again and again, until a SIGTERM, which the unit gets then."""
    stopped = []
    process: subprocess.Popen[bytes] | None = None

    def end(number: int, frame: object) -> None:
        stopped.append(True)
        if process:
            process.terminate()

    signal.signal(signal.SIGTERM, end)
    assert unit["Restart"] == "always"
    home = subprocess.check_output(["getent", "passwd", unit["User"]], text=True).split(":")[5]
    while not stopped:
        process = subprocess.Popen(
            shlex.split(unit["ExecStart"]),
            cwd=unit["WorkingDirectory"],
            user=unit["User"],
            group=unit["User"],
            extra_groups=[],
            umask=int(unit["UMask"], 8),
            env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
                "LANG": "C.UTF-8",
                "HOME": home,
                "USER": unit["User"],
            },
        )
        process.wait()
        time.sleep(float(unit.get("RestartSec", "0.1")))
    Path(f"/run/{name}.keeper").unlink()
    os._exit(0)


def stop(name: str) -> None:
    """End a unit, and wait for its end."""
    keeper = Path(f"/run/{name}.keeper")
    os.kill(int(keeper.read_text()), signal.SIGTERM)
    while keeper.exists():
        time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
