"""The store of users without a home, and rebuilds with a failing store."""

import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.store import home, location
from bootstrapper.ve.store.store import Store
from tests.conftest import bootstrap, ve_version
from tests.support.site import DEBIAN_PYTHON
from tests.ve.test_check import differences

USER = 4242
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be another user")


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a directory that USER can enter; pytest's own do not allow that."""
    directory = Path(tempfile.mkdtemp(prefix="www"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


def given_away(project: Path, place: Path) -> Path:
    """Copy a project to a place that belongs to USER."""
    shutil.copytree(project, place)
    for path in (place, *place.parents[:2], *place.rglob("*")):
        if path.name.startswith("www") or path.is_relative_to(place) or path.name == "releases":
            os.chown(path, USER, USER, follow_symlinks=False)
    return place


def as_user(project: Path, *environment: str) -> str:
    """Rebuild as USER with this environment alone; return the output."""
    done = subprocess.run(
        [
            "setpriv",
            "--reuid",
            str(USER),
            "--regid",
            str(USER),
            "--clear-groups",
            "env",
            "-i",
            *environment,
            DEBIAN_PYTHON,
            "bootstrap.py",
            "--python",
            DEBIAN_PYTHON,
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert ve_version(project) == "1.0"
    return done.stdout


def shared_with(project: Path, store: Path) -> bool:
    module = next(project.glob("ve/lib/*/site-packages/tiny.py"))
    return any(path.samefile(module) for path in store.glob("*/*/*/tree/lib/*/*/tiny.py"))


@needs_root
@pytest.mark.needs("setpriv", DEBIAN_PYTHON)
@pytest.mark.parametrize("home", [None, "/nonexistent", "/root", "/proc", "/etc/passwd"])
def test_user_without_a_home_has_a_store(tiny_project: Path, place: Path, home: str | None) -> None:
    """www-data of Debian has a home that belongs to root."""
    project = given_away(tiny_project, place / "project")
    environment = [f"HOME={home}"] if home else []
    for _ in range(2):
        output = as_user(project, *environment)
        assert "no store" not in output and "ermission" not in output
        store = project / f".ve.store-{USER}"
        assert store.stat().st_mode & 0o777 == 0o700
        assert shared_with(project, store)
    assert "unpack" not in output


@needs_root
@pytest.mark.needs("setpriv", DEBIAN_PYTHON)
def test_releases_of_a_deployment_share_a_store(tiny_project: Path, place: Path) -> None:
    (place / ".deploy").mkdir()
    os.chown(place / ".deploy", USER, USER)
    output = ""
    for number in ("1", "2"):
        project = given_away(tiny_project, place / "releases" / number)
        output = as_user(project, "HOME=/nonexistent")
        assert shared_with(project, place / f".deploy/store-{USER}")
        assert not list(project.glob(".ve*"))
    assert "unpack" not in output and "no store" not in output


@needs_root
@pytest.mark.needs("setpriv", DEBIAN_PYTHON)
def test_project_of_another_user_is_rebuilt_quietly(tiny_project: Path, place: Path) -> None:
    """USER can write neither the home nor beside the project."""
    project = given_away(tiny_project, place / "project")
    (project / f".ve.store-{USER}").mkdir()  # root's
    assert "no store" not in as_user(project, "HOME=/nonexistent")


@needs_root
@pytest.mark.needs("setpriv", DEBIAN_PYTHON)
def test_store_of_another_user_is_not_used(
    tiny_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "theirs"
    store.mkdir()
    os.chown(store, USER, USER)
    monkeypatch.setenv("BOOTSTRAP_STORE", str(store))
    run = bootstrap(tiny_project)
    assert (run.returncode, run.stderr) == (0, "")
    assert f"no store: {store}: it belongs to another user" in run.stdout
    assert not list(store.iterdir())


@needs_root
@pytest.mark.parametrize("link", [False, True], ids=["directory", "link"])
def test_store_that_another_user_has_begun_is_not_used(
    tiny_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, link: bool
) -> None:
    """USER could write into the store's directory before the first rebuild made it private."""
    store, entries = tmp_path / "store", tmp_path / "store" / home.FORMAT
    store.mkdir(mode=0o777)
    if link:
        (tmp_path / "theirs").mkdir()
        entries.symlink_to(tmp_path / "theirs")
    else:
        entries.mkdir()
    os.chown(entries, USER, USER, follow_symlinks=False)
    monkeypatch.setenv("BOOTSTRAP_STORE", str(store))
    run = bootstrap(tiny_project)
    assert (run.returncode, run.stderr) == (0, "")
    assert f"no store: {store}: {home.FORMAT}/ in it belongs to another user" in run.stdout
    assert not list(entries.iterdir())


@needs_root
@pytest.mark.parametrize(("owner", "used"), [(0, True), (USER, False)])
def test_link_of_another_user_is_no_store(tmp_path: Path, owner: int, *, used: bool) -> None:
    (tmp_path / "ours").mkdir()
    link = tmp_path / "store"
    link.symlink_to("ours")
    os.chown(link, owner, owner, follow_symlinks=False)
    if used:
        Store(link)
        return
    with pytest.raises(PermissionError, match="another user"):
        Store(link)


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077])
def test_only_its_user_can_enter_a_store(tmp_path: Path, mask: int) -> None:
    root = tmp_path / "store"
    root.mkdir()
    root.chmod(0o777)
    before = os.umask(mask)
    try:
        store = Store(root)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o7777 for path in (root, store.home)] == [0o700, 0o700]


@needs_root
@pytest.mark.needs("unshare")
@pytest.mark.parametrize(
    "limit", ["size=64k", "size=300k", "size=1m", "nr_inodes=20", "nr_inodes=150"]
)
def test_full_store_is_reported_and_not_used(
    tiny_project: Path, tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    monkeypatch.setenv("BOOTSTRAP_STORE", str(disk / "store"))
    run = bootstrap(
        tiny_project,
        prefix=(
            "unshare",
            "--mount",
            "sh",
            "-c",
            f'mount -t tmpfs -o {limit} none "$0" && "$@" && "$@" && '
            f'ls -A "$0"/store/{home.FORMAT}/unfinished',
            str(disk),
        ),
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert (
        run.stdout.count(
            f"no store: {disk}/store: {os.strerror(errno.ENOSPC)}; "
            "BOOTSTRAP_STORE names another place\n"
        )
        == 2
    )
    assert run.stdout.endswith(" s\n")  # nothing unfinished is left
    assert ve_version(tiny_project) == "1.0"
    assert not list(tiny_project.glob(".ve*"))
    assert differences(tiny_project) == []


@pytest.mark.parametrize(
    "number", [errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EROFS, errno.ENOLCK]
)
def test_store_failure_is_recognized(tmp_path: Path, number: int) -> None:
    store = Store(tmp_path / "store")
    inside = OSError(number, os.strerror(number), f"{store.home}/unfinished/x")
    elsewhere = Path("/proc")  # a project on another file system
    assert location.failed(store, elsewhere, inside) == (
        f"no store: {store.root}: {os.strerror(number)}; BOOTSTRAP_STORE names another place"
    )
    outside = OSError(number, os.strerror(number), "/srv/project/ve/x")
    assert location.failed(store, elsewhere, outside) == ""
    assert location.failed(store, elsewhere, OSError(number, os.strerror(number))) == ""
    assert location.failed(store, elsewhere, WorkFailed("a", "another fault", "b")) == ""


def test_full_disk_of_the_project_is_reported(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for number in (errno.ENOSPC, errno.EDQUOT):
        error = OSError(number, os.strerror(number), f"{store.home}/unfinished/x")
        assert location.failed(store, tmp_path, error) == ""


def test_named_store_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOTSTRAP_STORE", str(tmp_path / "named"))
    assert home.places(tmp_path) == [tmp_path / "named"]
