"""What it was measured on, without a path or a name."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path


def described(place: Path) -> str:
    """Cores, memory, kernel, the file system of `place`, and how busy the machine is already."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release().split('-')[0]}, {_file_system(place)}; "
        f"load before: {os.getloadavg()[0]:.1f}"
    )


def _file_system(place: Path) -> str:
    """Its kind. An ext4 without a journal is named: what it does to a benchmark is in page.py."""
    device, kind = subprocess.run(
        ["df", "--output=source,fstype", place], capture_output=True, text=True, check=True
    ).stdout.split()[-2:]
    if kind == "ext4" and not any(Path("/proc/fs/jbd2").glob(f"{Path(device).name}-*")):
        return f"{kind} without a journal"
    return kind


def version(command: Sequence[str | Path], option: str = "--version") -> str:
    """The first version number that a command says of itself."""
    run = subprocess.run([*command, option], capture_output=True, text=True, check=True)
    output = run.stdout or run.stderr
    found = re.search(r"\d+(\.\d+)+(p\d+)?", output)
    return found[0] if found else output.strip()
