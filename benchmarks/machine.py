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
    kind = subprocess.run(["df", "--output=fstype", place], capture_output=True, text=True,
                          check=True).stdout.split()[-1]
    return (f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}), {memory:.0f} GiB, "
            f"{platform.system()} {platform.release().split('-')[0]}, {kind}; "
            f"load before: {os.getloadavg()[0]:.1f}")


def version(command: Sequence[str | Path]) -> str:
    """The first version number that a command says of itself."""
    said = subprocess.run([*command, "--version"], capture_output=True, text=True,
                          check=True).stdout
    found = re.search(r"\d+(\.\d+)+", said)
    return found[0] if found else said.strip()
