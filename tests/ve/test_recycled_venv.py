"""A rebuild reuses the last replaced virtualenv, and the result equals a fresh one."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrapper.ve.store.home import FORMAT
from tests.conftest import bootstrap, ve_version

SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def everything(directory: Path) -> dict[str, tuple[int, str | bytes]]:
    """Return every path below a directory with its mode, and its link's target or its bytes.

    Bytecode is without its header, which has the time of unpacking.
    """
    found: dict[str, tuple[int, str | bytes]] = {}
    for path in sorted(directory.rglob("*")):
        content: str | bytes = b""
        if path.is_symlink():
            content = str(path.readlink())
        elif path.is_file():
            content = path.read_bytes()[16 if path.suffix == ".pyc" else 0 :]
        found[str(path.relative_to(directory))] = (path.lstat().st_mode, content)
    return found


def spare(store: Path) -> Path:
    return store / FORMAT / "spare"


def rebuilt(project: Path, *options: str) -> None:
    run = bootstrap(project, *options)
    assert run.returncode == 0, run.stderr


def test_replaced_virtualenv_is_recycled(cold_store: Path, built_project: Path) -> None:
    first = (built_project / "ve").stat().st_ino
    rebuilt(built_project)
    assert spare(cold_store).stat().st_ino == first
    rebuilt(built_project)
    assert (built_project / "ve").stat().st_ino == first
    assert spare(cold_store).is_dir()


def an_extra_file(ve: Path) -> None:
    (ve / SITE / "extra.py").write_text("x = 1\n")
    (ve / "extra").write_text("")


def an_extra_package(ve: Path) -> None:
    shutil.copytree(ve / SITE / "bootstrapper", ve / SITE / "another")


def a_file_that_was_deleted(ve: Path) -> None:
    (ve / SITE / "tiny.py").unlink()


def a_package_that_was_deleted(ve: Path) -> None:
    shutil.rmtree(ve / SITE / "bootstrapper")


def a_file_that_was_replaced(ve: Path) -> None:
    (ve / SITE / "tiny.py").unlink()
    (ve / SITE / "tiny.py").write_text("VERSION = 'mine'\n")


def a_file_that_was_edited(ve: Path) -> None:
    (ve / SITE / "tiny.py").chmod(0o644)
    (ve / SITE / "tiny.py").write_text("VERSION = 'mine'\n")


def a_file_that_was_edited_in_its_own_time(ve: Path) -> None:
    path = ve / SITE / "tiny.py"
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"1", b"2"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def a_file_where_a_directory_was(ve: Path) -> None:
    shutil.rmtree(ve / SITE / "bootstrapper/ve")
    (ve / SITE / "bootstrapper/ve").write_text("")


def a_directory_where_a_file_was(ve: Path) -> None:
    (ve / SITE / "tiny.py").unlink()
    (ve / SITE / "tiny.py").mkdir()
    (ve / SITE / "tiny.py/inside").write_text("")


def a_directory_that_others_may_not_enter(ve: Path) -> None:
    (ve / SITE / "bootstrapper").chmod(0o700)


def another_python(ve: Path) -> None:
    (ve / "bin/python").unlink()
    (ve / "bin/python").symlink_to("/bin/false")


def another_script(ve: Path) -> None:
    (ve / "bin/tiny").write_text("#!/bin/sh\necho mine\n")


def no_site_packages(ve: Path) -> None:
    shutil.rmtree(ve / SITE)


def nothing(ve: Path) -> None:
    shutil.rmtree(ve)
    ve.mkdir()


@pytest.mark.parametrize(
    "change",
    [
        an_extra_file,
        an_extra_package,
        a_file_that_was_deleted,
        a_package_that_was_deleted,
        a_file_that_was_replaced,
        a_file_that_was_edited,
        a_file_that_was_edited_in_its_own_time,
        a_file_where_a_directory_was,
        a_directory_where_a_file_was,
        a_directory_that_others_may_not_enter,
        another_python,
        another_script,
        no_site_packages,
        nothing,
    ],
    ids=lambda change: change.__name__,
)
def test_recycled_virtualenv_equals_a_fresh_one(
    change: Callable[[Path], None], cold_store: Path, built_project: Path
) -> None:
    fresh = everything(built_project / "ve")
    rebuilt(built_project)
    change(spare(cold_store))
    rebuilt(built_project)
    assert everything(built_project / "ve") == fresh
    assert ve_version(built_project) == "1.0"


def test_targets_of_links_are_left_alone(
    cold_store: Path, built_project: Path, tmp_path: Path
) -> None:
    """Users put links to their checkouts into a virtualenv; a rebuild must not empty those."""
    fresh = everything(built_project / "ve")
    checkout = tmp_path / "checkout"
    shutil.copytree(built_project / "ve" / SITE / "bootstrapper", checkout / "bootstrapper")
    (checkout / "bootstrapper/work of a week.py").write_text("precious\n")
    before = everything(checkout)
    ve = built_project / "ve"
    shutil.rmtree(ve / SITE / "bootstrapper")
    (ve / SITE / "bootstrapper").symlink_to(checkout / "bootstrapper")
    (ve / SITE / "more").symlink_to(checkout)
    rebuilt(built_project)
    rebuilt(built_project)
    assert everything(built_project / "ve") == fresh
    assert everything(checkout) == before


def test_recycled_directories_have_the_usual_mode(cold_store: Path, built_project: Path) -> None:
    rebuilt(built_project)
    run = subprocess.run(
        ["bash", "-c", f"umask 077; {sys.executable} bootstrap.py"],
        cwd=built_project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in (built_project / "ve" / SITE).rglob("*")
        if path.is_dir()
    }
    assert modes == {0o755}


def test_directories_have_the_group_of_the_project(cold_store: Path, built_project: Path) -> None:
    """In a project's directory with g+s, everything belongs to the directory's group."""
    others = [group for group in os.getgroups() if group != os.getegid()]
    if not others and os.geteuid():
        pytest.skip("needs root, or a second group")
    rebuilt(built_project)
    os.chown(built_project, -1, others[0] if others else 54321)
    built_project.chmod(0o2755)
    rebuilt(built_project)
    ve = built_project / "ve"
    owned = {
        (path.stat().st_gid, stat.S_IMODE(path.stat().st_mode))
        for path in (ve, *(ve / SITE).rglob("*"))
        if path.is_dir()
    }
    assert owned == {(built_project.stat().st_gid, 0o2755)}


def test_inaccessible_virtualenv_is_not_recycled(cold_store: Path, built_project: Path) -> None:
    rebuilt(built_project)
    spare(cold_store).chmod(0o700)
    rebuilt(built_project)
    assert stat.S_IMODE((built_project / "ve").stat().st_mode) == 0o755


def test_immutable_file_does_not_stop_a_rebuild(cold_store: Path, built_project: Path) -> None:
    fresh = everything(built_project / "ve")
    rebuilt(built_project)
    locked = spare(cold_store) / SITE / "locked"
    locked.mkdir()
    (locked / "file").write_text("")
    immutable = subprocess.run(["chattr", "+i", locked / "file"], check=False, capture_output=True)
    if immutable.returncode:
        pytest.skip("needs root, and a file system with immutable files")
    try:
        rebuilt(built_project)
        assert everything(built_project / "ve") == fresh
    finally:
        for left in [*built_project.rglob("locked/file"), *cold_store.rglob("locked/file")]:
            subprocess.run(["chattr", "-i", left], check=True)


def test_prune_removes_the_recycled_virtualenv(cold_store: Path, built_project: Path) -> None:
    rebuilt(built_project)
    run = subprocess.run(
        [sys.executable, "-m", "bootstrapper", "store", "prune"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert not spare(cold_store).exists()
    rebuilt(built_project)


def test_copied_virtualenv_is_not_recycled(cold_store: Path, built_project: Path) -> None:
    """It would take the disk space of a whole virtualenv."""
    rebuilt(built_project, "--link-mode", "copy")
    assert not spare(cold_store).exists()
