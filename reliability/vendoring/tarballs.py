"""Source-only packages: vendored with their build requirements, and built offline."""

import re
import sys
from pathlib import Path
from shutil import rmtree
from typing import Any

from reliability.vendoring.project import Project, run
from reliability.vendoring.sets import DATA, LISTED
from tests.conftest import REPOSITORY

TARGET = (("3.11", "linux-x86_64"),)
_FROM_SOURCE = " from source"
# What says that a build has met its requirements, and failed at a program or library of the system.
_SYSTEM = re.compile(
    r"\w+\.h: No such file|command '\S*(gcc|cc|g\+\+)\S*' failed|pkg-config|_config(:| is)? not found"
    r"|Can not find|Dependency \S+ not found|ld: cannot find|mysql_config|pg_config|curl-config",
    re.IGNORECASE,
)


def names() -> list[str]:
    """Return the requirements, each with " from source" if it has wheels."""
    text = (DATA / "source-only.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def tried(name: str, scratch: Path) -> dict[str, Any]:
    """Return the row of a package: what of it is a tarball, whether it is vendored and built."""
    requirement = name.removesuffix(_FROM_SOURCE)
    wanted = re.split(r"[=<>]", requirement)[0]
    project = Project(directory=scratch / wanted)
    rmtree(project.directory, ignore_errors=True)
    project.create(f"{requirement}\n", TARGET, tarballs=name.endswith(_FROM_SOURCE))
    row: dict[str, Any] = {"tarball": "", "vendored": False, "built": "", "faults": []}
    syncing = project.vendor("sync")
    if syncing.returncode:
        row["faults"].append(f"sync: {syncing.stderr.strip()[:LISTED]}")
        return row
    checking = project.vendor("check")
    if checking.returncode:
        row["faults"].append(f"check: {checking.stdout.strip()[:LISTED]}")
        return row
    start = re.sub(r"[-_.]+", "[-_.]+", re.escape(wanted).replace(r"\-", "-")) + "-"
    row["tarball"] = next(
        (
            path.name
            for path in sorted(project.source.iterdir())
            if path.suffix != ".whl" and re.match(start, path.name, re.IGNORECASE)
        ),
        "",
    )
    row["vendored"] = True
    command = [sys.executable, "-m", "bootstrapper", "rebuild", "--no-store", "-q"]
    building = run(
        [*command, "--project", project.directory, "--python", sys.executable], REPOSITORY
    )
    output = building.stdout + building.stderr
    if not building.returncode:
        row["built"] = "yes"
    elif _SYSTEM.search(output):
        row["built"] = "a library or a program of the system is missing"
    else:
        row["faults"].append(f"rebuild: {output.strip()[-LISTED:]}")
    rmtree(project.directory)
    return row
