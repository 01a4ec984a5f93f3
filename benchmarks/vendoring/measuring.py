"""Vendoring, measured: everything that goes into the page."""

import shutil
import sys
from pathlib import Path

from uv import find_uv_bin

from benchmarks import machine
from benchmarks.race import progress, race
from benchmarks.subject import REQUIREMENTS, run
from benchmarks.vendoring.contenders import (
    CHECK,
    OURS_COLD,
    OURS_NINE,
    OURS_WARM,
    PIP_COLD,
    PIP_WARM,
    UPGRADE,
    Place,
    Vendoring,
    hashing,
)
from benchmarks.vendoring.large import large
from benchmarks.vendoring.mirror import Mirror
from benchmarks.vendoring.projects import NINE, ONE, create, restore
from benchmarks.vendoring.results import Requests, Results
from vendor_fetch.project.locks import locked_names

# The package that is upgraded, and the version that it starts from.
UPGRADED, BEFORE = "requests", "requests==2.32.3"


def measure(scratch: Path, runs: int) -> Results:
    """Everything, one thing after the other."""
    described = machine.described(scratch)
    pip = _pip(scratch)
    with Mirror(scratch / "mirror") as mirror:
        place = Place(scratch=scratch, index=mirror.url, pip=pip)
        one = create(scratch / "one", ONE)
        nine = create(scratch / "nine", NINE)
        warm = race(
            [
                place.ours(OURS_WARM, one),
                place.pip_download(PIP_WARM),
                place.uv_compile(),
            ],
            runs,
        )
        cold_nine = place.ours(OURS_NINE, nine, caches="ours-nine", cold=True)
        cold = race(
            [
                place.ours(OURS_COLD, create(scratch / "cold", ONE), caches="ours-cold", cold=True),
                cold_nine,
                place.pip_download(PIP_COLD, caches="pip-cold", cold=True),
            ],
            runs,
        )
        requests = _requests(mirror, cold_nine, nine)
        upgrading = race([_upgrade(place, scratch)], runs)
        project = large(place, _tools(scratch, one))
    files = sorted((project / "requirements/src").iterdir())
    checking = race(
        [place.ours(CHECK, project, "check", before=lambda: None), hashing(files)], runs
    )
    return Results(
        machine=described,
        versions={
            "Python": machine.version([sys.executable]),
            "uv": machine.version([find_uv_bin()]),
            "pip": machine.version([pip]),
        },
        runs=runs,
        warm=warm,
        cold=cold,
        upgrading=upgrading,
        checking=checking,
        requests=requests,
        sizes={
            title: _size(each)
            for title, each in ((OURS_WARM, one), (OURS_NINE, nine), (CHECK, project))
        },
    )


def _pip(scratch: Path) -> Path:
    """Install the newest pip into an environment of its own."""
    run([find_uv_bin(), "venv", "-q", "--seed", "--python", sys.executable, "pip"], scratch)
    return scratch / "pip/bin/pip"


def _requests(mirror: Mirror, syncing: Vendoring, project: Path) -> Requests:
    """Sync once more with empty caches, and count."""
    syncing.prepare()
    mirror.forget()
    syncing.run()
    asked, pages = mirror.files(), mirror.pages()
    files = {path: n for path, n in asked.items() if not path.endswith(".metadata")}
    metadata = {path: n for path, n in asked.items() if path.endswith(".metadata")}
    names = {name.partition("-")[0] for name in locked_names(project)}
    progress("counted the requests")
    return Requests(
        files=sum(files.values()),
        distinct_files=len(files),
        pages=sum(pages.values()),
        packages=len(names),
        metadata=sum(metadata.values()),
        distinct_metadata=len(metadata),
    )


def _upgrade(place: Place, scratch: Path) -> Vendoring:
    """Return the upgrade of one package in a project that has an older version of it."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    project = create(scratch / "upgrade", ONE, f"{wanted}\n{BEFORE}\n")
    place.ours("before the upgrade", project, "sync").run()
    (project / "requirements/apps.in").write_text(wanted, encoding="utf-8")
    saved = scratch / "before-upgrade"
    shutil.copytree(project, saved)
    return place.ours(UPGRADE, project, "upgrade", UPGRADED, before=lambda: restore(project, saved))


def _tools(scratch: Path, project: Path) -> Path:
    """Return a directory with the files that bootstrap.py runs with."""
    tools = scratch / "tools"
    tools.mkdir()
    lock = (project / "requirements/tools.txt").read_text(encoding="utf-8")
    for line in lock.splitlines():
        if line.startswith("requirements/src/"):
            shutil.copy2(project / line.split()[0], tools)
    return tools


def _size(project: Path) -> tuple[int, int]:
    files = [path.stat().st_size for path in (project / "requirements/src").iterdir()]
    return len(files), sum(files)
