"""Faulty tarballs are refused with their name, or built and installed."""

import io
import os
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

from bootstrapper.ve.project import lockfile
from tests.conftest import TINY, bootstrap, ve_version
from tests.support import mutation
from tests.support.figures import Figures
from tests.support.wheels import lock_line, make_wheel

NAME = "tiny-1.0.tar.gz"
# A build backend in the tarball itself, which returns the wheel beside it.
BACKEND = """
import shutil
def build_wheel(directory, config_settings=None, metadata_directory=None):
    shutil.copy("wheel/{wheel}", directory)
    return "{wheel}"
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1.0"
"""
Member = tuple[tarfile.TarInfo, bytes]


def _file(
    name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o644
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    return info, content


def tarball(
    directory: Path, wheel: bytes, *extra: Member, first: bool = False, pyproject: str = PYPROJECT
) -> Path:
    right = [
        _file("tiny-1.0/pyproject.toml", pyproject.encode()),
        _file("tiny-1.0/backend.py", BACKEND.format(wheel=TINY).encode()),
        _file("tiny-1.0/PKG-INFO", b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"),
        _file(f"tiny-1.0/wheel/{TINY}", wheel),
    ]
    with tarfile.open(directory / NAME, "w:gz") as archive:
        for info, content in [*extra, *right] if first else [*right, *extra]:
            archive.addfile(info, io.BytesIO(content))
    return directory / NAME


def changed(path: Path, change: Callable[[bytearray], object]) -> Path:
    content = bytearray(path.read_bytes())
    change(content)
    path.write_bytes(content)
    return path


def faults(directory: Path, wheel: bytes, chance: random.Random) -> dict[str, Callable[[], Path]]:
    """Return the kinds of fault; each writes a new tarball."""

    def with_(*extra: Member, first: bool = False) -> Callable[[], Path]:
        return lambda: tarball(directory, wheel, *extra, first=first)

    def flip(content: bytearray) -> None:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)

    def cut(content: bytearray) -> None:
        del content[chance.randrange(len(content)) :]

    up = "../" * chance.randint(1, 6)
    return {
        "truncated": lambda: changed(tarball(directory, wheel), cut),
        "a bit flipped": lambda: changed(tarball(directory, wheel), flip),
        "a member that climbs": with_(_file(f"tiny-1.0/{up}{mutation.CANARY}")),
        "an absolute member": with_(_file(f"/tmp/{mutation.CANARY}")),
        "a link that leads out, written through": with_(
            _file("tiny-1.0/out", kind=tarfile.SYMTYPE, link="/tmp"),
            _file(f"tiny-1.0/out/{mutation.CANARY}"),
            first=True,
        ),
        "a hardlink that leads out": with_(
            _file("tiny-1.0/passwd", kind=tarfile.LNKTYPE, link="/etc/passwd")
        ),
        "a device": with_(
            _file(
                "tiny-1.0/device",
                kind=chance.choice([tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]),
            )
        ),
        "a name that is too long": with_(
            _file("tiny-1.0/" + chance.choice(["n" * 300, "d/" * 1500]) + "n")
        ),
        "a file where a directory is": with_(_file("tiny-1.0/a"), _file("tiny-1.0/a/b")),
        "no archive": lambda: changed(tarball(directory, wheel), lambda all_: all_.clear()),
        "metadata that is wrong": lambda: tarball(
            directory,
            wheel,
            pyproject=chance.choice(
                ["[build-system", "\0", "[build-system]\nrequires = 1\n", PYPROJECT * 2]
            ),
        ),
    }


def test_mutated_tarballs_do_no_harm(built_project: Path, tmp_path: Path, figures: Figures) -> None:
    row = figures.row(
        4,
        "a tarball with a fault in it, through ./bootstrap.py",
        "it refuses the tarball with a message that names the file, with exit "
        "status 1 or 2 and a working old virtualenv; or it builds a virtualenv that "
        "works; it writes nothing outside",
    )
    wheel = make_wheel(
        tmp_path / "wheel",
        entry_points="[console_scripts]\ntiny = tiny:main\n",
        files={"tiny.py": "VERSION = '1.0'\ndef main() -> None:\n    print(VERSION)\n"},
    ).read_bytes()
    source, apps = built_project / lockfile.SOURCE, built_project / lockfile.APPS
    others = apps.read_text().splitlines(keepends=True)[0]
    (source / TINY).unlink()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    lost = []
    apps.write_text(others + lock_line(tarball(source, wheel)))
    run = bootstrap(built_project)
    assert (run.returncode, run.stderr) == (0, "")
    for number in range(figures.tries(5, 30)):
        chance = random.Random(f"tarball {number}")
        kinds = faults(source, wheel, chance)
        kind = list(kinds)[number % len(kinds)]
        apps.write_text(others + lock_line(kinds[kind]()))
        run = bootstrap(built_project, prefix=("env", f"TMPDIR={temporary}"))
        row.tried += 1
        refused = (
            run.returncode in (1, 2)
            and NAME in run.stderr
            and run.stderr.count("\n  next: ") == 1
            and "unexpected" not in run.stderr
        )
        climbed = [*tmp_path.rglob(mutation.CANARY), *Path("/tmp").glob(mutation.CANARY)]
        if (
            not (refused or run.returncode == 0)
            or ve_version(built_project) != "1.0"
            or climbed
            or list(built_project.glob(".ve*"))
            or os.listdir(temporary)
        ):
            lost.append(
                f"{kind} {number}: {run.returncode} {run.stderr} {climbed} {os.listdir(temporary)}"
            )
        else:
            row.survived += 1
            row.note("refused" if refused else "installed")
    assert lost == []
