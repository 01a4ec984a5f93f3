"""Damage to the store breaks no virtualenv, and the next rebuild repairs it."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrapper.ve.store.store import Store
from tests.conftest import bootstrap, ve_version
from tests.support.figures import Figures
from tests.support.interpreters import interpreters

DISKS = (Path("/dev/shm"), Path.home(), Path("/var/tmp"))


@pytest.fixture
def pair(tiny_project: Path, tmp_path: Path, cold_store: Path) -> tuple[Path, Path]:
    """Return two projects with the same files, both built; their virtualenvs share the store's files."""
    other = tmp_path / "other project"
    shutil.copytree(tiny_project, other)
    for project in (tiny_project, other):
        assert bootstrap(project).returncode == 0
    return tiny_project, other


def installed(project: Path, name: str = "tiny.py") -> Path:
    return next((project / "ve").glob(f"lib/python*/site-packages/{name}"))


def check(project: Path) -> tuple[int, str]:
    run = subprocess.run(
        [sys.executable, "-m", "bootstrapper", "check", "-q"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout


def entry(store: Path) -> Path:
    (place,) = (
        path.parents[4]
        for path in store.glob("*/cpython-*/*/tree/lib/python*/site-packages/tiny.py")
    )
    return place


def healed(*projects: Path) -> bool:
    for project in projects:
        run = bootstrap(project)
        assert (run.returncode, run.stderr) == (0, "")
        assert ve_version(project) == "1.0"
        assert check(project)[0] == 0
    return True


def test_edited_file_is_found_and_replaced(pair: tuple[Path, Path], figures: Figures) -> None:
    row = figures.row(
        8,
        "an installed file edited in one virtualenv (`chmod +w`, other bytes)",
        "`check` finds it there and in the virtualenv that shares the file; the "
        "next rebuild of each restores it",
    )
    one, other = pair
    for content in ("VERSION = 'edited'\ndef main() -> None:\n    print(VERSION)\n", ""):
        row.tried += 1
        path = installed(one)
        assert path.samefile(installed(other))
        assert not path.stat().st_mode & 0o222
        path.chmod(0o644)
        path.write_text(content)
        for project in pair:
            status, output = check(project)
            assert status == 1
            assert output.splitlines()[0].endswith("site-packages/tiny.py: changed")
        assert healed(one)
        assert check(other)[0] == 1  # rebuilding one does not touch the other
        assert healed(other)
        assert installed(one).samefile(installed(other))
        row.survived += 1


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a file emptied": lambda place: os.truncate(next(place.glob("tree/**/tiny.py")), 0),
    "a file truncated": lambda place: os.truncate(next(place.glob("tree/**/METADATA")), 5),
    "a file deleted": lambda place: next(place.glob("tree/**/tiny.py")).unlink(),
    "bytecode deleted": lambda place: next(place.glob("tree/**/*.pyc")).unlink(),
    "a directory deleted": lambda place: shutil.rmtree(next(place.glob("tree/**/*.dist-info"))),
    "a file made a directory": lambda place: _made_a_directory(next(place.glob("tree/**/tiny.py"))),
    "a script emptied": lambda place: os.truncate(place / "bodies/0", 0),
    "the rows of RECORD emptied": lambda place: os.truncate(place / "RECORD", 0),
    "the index deleted": lambda place: (place / "index").unlink(),
    "the index emptied": lambda place: os.truncate(place / "index", 0),
    "the index cut": lambda place: os.truncate(place / "index", 100),
    "one bit of the index": lambda place: _flipped(place / "index"),
    "the index of another form": lambda place: (place / "index").write_text("[]"),
    "the entry made a file": lambda place: (shutil.rmtree(place), place.write_text("")),
    "the entry emptied": lambda place: (shutil.rmtree(place), place.mkdir()),
    "an empty ve's pyvenv.cfg emptied": lambda place: os.truncate(
        next(place.parents[1].glob("bare/*/ve/pyvenv.cfg")), 0
    ),
    "an empty ve's python deleted": lambda place: next(
        place.parents[1].glob("bare/*/ve/bin/python")
    ).unlink(),
    "an empty ve's seal deleted": lambda place: next(place.parents[1].glob("bare/*/seal")).unlink(),
    "rubbish among the unfinished": lambda place: (
        place.parents[1] / "unfinished/rubbish"
    ).write_text(""),
}


def _made_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_damaged_store_is_repaired(
    tiny_project: Path, tmp_path: Path, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = figures.row(
        9,
        "the store damaged",
        "the next rebuild repairs it, `check` finds nothing, and the store works again",
    )
    # A path that needs no quoting, so that the store keeps the empty virtualenv.
    project, store = tmp_path / "project", tmp_path / "store"
    shutil.copytree(tiny_project, project)
    monkeypatch.setenv("BOOTSTRAP_STORE", str(store))
    assert bootstrap(project).returncode == 0
    lost = []
    for title, damage in DAMAGES.items():
        damage(entry(store))
        row.tried += 1
        try:
            assert healed(project)
            assert not list(store.glob("*/unfinished/*"))
            row.survived += 1
        except (AssertionError, subprocess.CalledProcessError) as error:
            lost.append(f"{title}: {error}")
    assert lost == []


def test_two_rebuilds_repair_one_entry(
    pair: tuple[Path, Path], cold_store: Path, figures: Figures
) -> None:
    row = figures.row(
        10,
        "two rebuilds at once that meet the same damaged entry",
        "both succeed, and share the repaired entry",
    )
    for _ in range(figures.tries(2, 10)):
        row.tried += 1
        path = installed(pair[0])
        path.chmod(0o644)
        path.write_text("damaged")
        runs = [
            subprocess.Popen(
                [sys.executable, "bootstrap.py"],
                cwd=project,
                text=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for project in pair
        ]
        assert [(run.communicate()[1], run.returncode) for run in runs] == [("", 0)] * 2
        assert installed(pair[0]).samefile(installed(pair[1]))
        assert {ve_version(project) for project in pair} == {"1.0"}
        row.survived += 1


@pytest.mark.parametrize("what", ["is a file", "is under a file", "is mounted read-only"])
def test_unusable_store_is_not_used(
    built_project: Path,
    tmp_path: Path,
    figures: Figures,
    what: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = figures.row(
        11, "a store that cannot be written", "the rebuild says so and works without the store"
    )
    row.tried += 1
    place, prefix = tmp_path / "no store", ()
    if what == "is mounted read-only":
        if os.getuid() != 0:
            pytest.skip("only root may mount")
        place.mkdir()
        Store(place)
        prefix = (
            "unshare",
            "--mount",
            "sh",
            "-c",
            'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
            str(place),
        )
    else:
        place.write_text("")
    name = place / "below" if what == "is under a file" else place
    monkeypatch.setenv("BOOTSTRAP_STORE", str(name))
    before = installed(built_project).stat().st_ino
    run = bootstrap(built_project, prefix=prefix)
    assert (run.returncode, run.stderr) == (0, "")
    assert f"no store: {name}" in run.stdout
    assert ve_version(built_project) == "1.0"
    assert installed(built_project).stat().st_ino != before
    assert not list(built_project.glob(".ve*"))
    row.survived += 1


@pytest.fixture
def store_elsewhere(
    tiny_project: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Path:
    """Use a store on another file system than the project's."""
    others = [
        disk
        for disk in DISKS
        if os.access(disk, os.W_OK) and disk.stat().st_dev != tiny_project.stat().st_dev
    ]
    if not others:
        pytest.skip("there is no other file system")
    place = others[0] / f"store-of-{os.getpid()}"
    request.addfinalizer(lambda: shutil.rmtree(place, ignore_errors=True))
    monkeypatch.setenv("BOOTSTRAP_STORE", str(place))
    return place


@pytest.mark.parametrize("mode", ["auto", "copy"])
def test_store_on_another_file_system_is_copied(
    tiny_project: Path, store_elsewhere: Path, mode: str, figures: Figures
) -> None:
    row = figures.row(
        12, "a store on another file system", "it copies the files, and `check` finds nothing"
    )
    row.tried += 1
    assert bootstrap(tiny_project, "--link-mode", mode).returncode == 0
    assert installed(tiny_project).stat().st_nlink == 1
    assert healed(tiny_project)
    row.survived += 1


def test_hardlink_mode_across_file_systems_fails(tiny_project: Path, store_elsewhere: Path) -> None:
    assert bootstrap(tiny_project).returncode == 0
    run = bootstrap(tiny_project, "--link-mode", "hardlink")
    assert run.returncode == 1
    assert "can't be hardlinked into" in run.stderr
    assert "\n  next: ./bootstrap.py --link-mode copy" in run.stderr
    assert ve_version(tiny_project) == "1.0"


def test_link_modes_and_no_store(pair: tuple[Path, Path], cold_store: Path) -> None:
    one, other = pair
    assert bootstrap(one, "--link-mode", "copy").returncode == 0
    assert not installed(one).samefile(installed(other))
    assert bootstrap(one, "--link-mode", "hardlink").returncode == 0
    assert installed(one).samefile(installed(other))
    shutil.rmtree(cold_store)
    assert bootstrap(one, "--no-store").returncode == 0
    assert ve_version(one) == "1.0"
    assert not list(cold_store.glob("*/cpython-*/*"))


def test_file_with_too_many_links_is_copied(
    tiny_project: Path, tmp_path: Path, cold_store: Path
) -> None:
    """Use a real file system: ext4 allows 65,000 links to a file, btrfs 65,535."""
    assert bootstrap(tiny_project).returncode == 0
    (tmp_path / "names").mkdir()
    with pytest.raises(OSError, match=os.strerror(errno.EMLINK)):
        for number in range(70_000):
            os.link(installed(tiny_project), tmp_path / f"names/{number}")
        pytest.skip("this file system sets no limit to a file's names (TMPDIR names another)")
    other = tmp_path / "other project"
    shutil.copytree(tiny_project, other, ignore=shutil.ignore_patterns("ve"))
    assert healed(other)
    assert installed(other).stat().st_nlink == 1
    assert installed(other, "tiny-1.0.dist-info/METADATA").samefile(
        installed(tiny_project, "tiny-1.0.dist-info/METADATA")
    )
    assert installed(other, "bootstrapper/__init__.py").samefile(
        installed(tiny_project, "bootstrapper/__init__.py")
    )
    assert next(installed(other).parent.glob("__pycache__/tiny.*.pyc")).stat().st_nlink > 1
    assert healed(other)


def test_virtualenvs_survive_removal_of_the_store(
    pair: tuple[Path, Path], cold_store: Path
) -> None:
    shutil.rmtree(cold_store)
    assert [ve_version(project) for project in pair] == ["1.0", "1.0"]
    assert healed(*pair)


def test_store_with_umask_077(tiny_project: Path, cold_store: Path) -> None:
    run = bootstrap(tiny_project, prefix=("sh", "-c", 'umask 077 && exec "$@"', "sh"))
    assert run.returncode == 0
    assert ve_version(tiny_project) == "1.0"
    # The umask of this rebuild must not change the files of other projects.
    assert entry(cold_store).joinpath("tree").stat().st_mode & 0o777 == 0o755
    assert installed(tiny_project).stat().st_mode & 0o777 == 0o444
    assert cold_store.stat().st_mode & 0o777 == 0o700
    assert healed(tiny_project)


@pytest.mark.parametrize("version", interpreters())
def test_store_with_every_python(
    tiny_project: Path, cold_store: Path, figures: Figures, version: str
) -> None:
    """Rebuild with one Python for another; both share the store."""
    row = figures.row(
        13,
        "Python " + ", ".join(interpreters()) + ", `--python` another than the one that runs",
        "cold and warm rebuilds work, damage is repaired, `check` finds nothing",
    )
    python = str(interpreters()[version])
    row.tried += 1
    for _ in range(2):
        run = bootstrap(tiny_project, "--python", python)
        assert (run.returncode, run.stderr) == (0, "")
    assert installed(tiny_project).parts[-3] == f"python{version}"
    path = installed(tiny_project)
    path.chmod(0o644)
    path.write_text("damaged")
    assert bootstrap(tiny_project, "--python", python).returncode == 0
    assert ve_version(tiny_project) == "1.0"
    assert check(tiny_project)[0] == 0
    row.survived += 1
