"""A project with many large files for nine targets, to measure `check`."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.vendoring.contenders import Place
from benchmarks.vendoring.projects import NINE, create

# With a wheel for each target, these packages give 180 files; pip, virtualenv and pure ones the rest.
COMPILED = 20
FILES = 200
BYTES = 300_000_000
_TAGS = {
    "linux-x86_64": "manylinux_2_17_x86_64",
    "linux-aarch64": "manylinux_2_17_aarch64",
    "macos-arm64": "macosx_11_0_arm64",
}


def large(place: Place, tools: Path) -> Path:
    """Return a project with that many files. `tools` is a directory with pip and virtualenv."""
    wheels = place.scratch / "large-wheels"
    wheels.mkdir()
    names = [f"large{number:03}" for number in range(FILES - COMPILED * (len(NINE) - 1))]
    for tool in tools.iterdir():
        os.link(tool, wheels / tool.name)
    names = names[: len(names) - len(list(tools.iterdir()))]
    size = BYTES // FILES
    for number, name in enumerate(names):
        requires = names[number + 1 : number + 4]
        for tag in _tags() if number < COMPILED else ["py3-none-any"]:
            _wheel(wheels, name, tag, requires, size)
    project = create(place.scratch / "large", NINE, "".join(f"{name}\n" for name in names))
    syncing = place.ours("large", project, "sync")
    alone = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
    replace(syncing, environment={**syncing.environment, **alone}).run()
    return project


def _tags() -> Iterator[str]:
    for python, platform in NINE:
        version = f"cp{python.replace('.', '')}"
        yield f"{version}-{version}-{_TAGS[platform]}"


def _wheel(directory: Path, name: str, tag: str, requires: list[str], size: int) -> None:
    """Write a wheel of about a size; its content can't be compressed, as that of most wheels."""
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "".join(
        f"Requires-Dist: {each}>=1\n" for each in requires
    )
    with zipfile.ZipFile(directory / f"{name}-1.0-{tag}.whl", "w") as archive:
        archive.writestr(f"{name}/data", os.urandom(size))
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
