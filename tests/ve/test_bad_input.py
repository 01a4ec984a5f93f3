"""Every fault gives one clear message and the promised exit status; the old virtualenv still works."""

import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import TINY, bootstrap, replace_tiny, ve_version
from tests.support.interpreters import too_old
from tests.support.wheels import make_wheel, member

AS_ROOT = () if os.getuid() == 0 else ("--map-root-user",)
OWN_MOUNTS = ("unshare", *AS_ROOT, "--mount")


def tree(directory: Path) -> str:
    """Return a digest of every path, link and byte below a directory."""
    digest = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        digest.update(os.fsencode(path.relative_to(directory)))
        if path.is_symlink():
            digest.update(os.fsencode(path.readlink()))
        elif path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def refused(
    project: Path,
    *texts: str,
    status: int,
    options: tuple[str, ...] = (),
    python: str | Path = sys.executable,
    prefix: tuple[str, ...] = (),
) -> str:
    """Rebuild, expect a failure whose message has all `texts`, and return the message."""
    before = tree(project / "ve")
    run = bootstrap(project, *options, python=python, prefix=prefix)
    assert run.returncode == status, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.count("\n  next: ") == 1
    for part in texts:
        assert part in run.stderr
    assert tree(project / "ve") == before
    assert ve_version(project) == "1.0"
    assert not list(project.glob(".ve*"))
    return run.stderr


def test_missing_vendored_file_is_refused(built_project: Path) -> None:
    (built_project / lockfile.SOURCE / TINY).unlink()
    refused(
        built_project,
        f"requirements/src/{TINY}: the file is missing",
        "requirements/apps.txt:2 names it",
        "git checkout -- ",
        status=1,
    )


def test_missing_tool_is_refused(built_project: Path) -> None:
    next((built_project / lockfile.SOURCE).glob("virtualenv-*")).unlink()
    refused(built_project, "requirements/src/virtualenv-", "requirements/tools.txt:", status=1)


def test_truncated_vendored_file_is_refused(built_project: Path) -> None:
    path = built_project / lockfile.SOURCE / TINY
    path.write_bytes(path.read_bytes()[:-10])
    refused(built_project, TINY, f"the sha256 of its {path.stat().st_size} bytes is", status=1)


def test_changed_vendored_file_is_refused(built_project: Path) -> None:
    path = built_project / lockfile.SOURCE / TINY
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refused(
        built_project,
        TINY,
        hashlib.sha256(content).hexdigest(),
        "requirements/apps.txt:2 has",
        status=1,
    )


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")],
    ids=["FIFO", "directory", "device"],
)
def test_irregular_vendored_file_is_refused(
    built_project: Path, make: Callable[[Path], None]
) -> None:
    path = built_project / lockfile.SOURCE / TINY
    path.unlink()
    make(path)
    refused(
        built_project,
        f"requirements/src/{TINY}: is not a regular file\n",
        f"next: rm -r requirements/src/{TINY} && git checkout -- ",
        status=1,
    )


def test_unlisted_vendored_file_is_refused(built_project: Path) -> None:
    make_wheel(built_project / lockfile.SOURCE, "stray")
    refused(
        built_project,
        "requirements/src/stray-1.0-py3-none-any.whl",
        "no line of apps.txt or tools.txt names this file",
        status=1,
    )


def test_wheel_for_another_python_is_refused(built_project: Path) -> None:
    replace_tiny(built_project, tag="cp27-cp27mu-manylinux1_i686")
    refused(
        built_project,
        "requirements/apps.txt:2",
        "cp27-cp27mu-manylinux1_i686",
        f"cp{sys.version_info.major}{sys.version_info.minor}-",
        status=1,
    )


@pytest.mark.parametrize(
    "line", ["Django==5.2", "requirements/src/tiny-1.0-py3-none-any.whl", "-e ."]
)
def test_bad_line_of_the_lock_is_refused(built_project: Path, line: str) -> None:
    with (built_project / lockfile.APPS).open("a") as lock:
        lock.write(f"\n{line}\n")
    refused(built_project, "requirements/apps.txt:4: ", status=2)


def test_missing_lock_is_refused(built_project: Path) -> None:
    (built_project / lockfile.APPS).unlink()
    refused(built_project, "requirements/apps.txt: the file is missing", status=2)


@pytest.mark.parametrize("name", ["../../../../evil", "/tmp/evil", "tiny/../../evil"])
def test_wheel_with_escaping_name_is_refused(built_project: Path, name: str) -> None:
    replace_tiny(built_project, members=[member(name)])
    refused(built_project, TINY, "leads out of its directory", status=1)


def test_wheel_with_a_symlink_is_refused(built_project: Path) -> None:
    replace_tiny(built_project, members=[member("tiny_link", 0o120000)])
    refused(
        built_project, TINY, "its member 'tiny_link' is neither a file nor a directory", status=1
    )


@pytest.mark.parametrize("path", ["tiny-1.0.data/scripts/python", "tiny-1.0.data/data/pyvenv.cfg"])
def test_wheel_replacing_bin_python_is_refused(built_project: Path, path: str) -> None:
    python = Path(os.path.realpath(sys.executable))
    before = python.stat()
    replace_tiny(built_project, files={"tiny.py": "", path: "#!/bin/sh\n"})
    refused(built_project, TINY, "would replace a file of the virtualenv itself", status=1)
    assert python.stat() == before


def test_wheel_unlike_its_record_is_refused(built_project: Path) -> None:
    wrong = "tiny.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
    replace_tiny(built_project, record=wrong)
    refused(built_project, TINY, "tiny.py differs from its RECORD", status=1)


@pytest.mark.needs("unshare", "mount")
@pytest.mark.parametrize("free", [0, 100_000, 1_000_000])
def test_full_disk_is_reported(built_project: Path, tmp_path: Path, free: int) -> None:
    """The project is on a small file system with `free` bytes left."""
    replace_tiny(
        built_project,
        files={"tiny.py": "VERSION = '2.0'\n", "tiny.bin": secrets.token_bytes(2_000_000)},
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(path.stat().st_size for path in built_project.rglob("*") if path.is_file())
    script = """
        set -e
        mount -t tmpfs -o size=$3 none "$2"
        cp -a "$1" "$2/p"
        cd "$2/p"
        sed -i "s|$1|$2/p|" ve/bin/tiny
        room=$(($(stat -f -c '%a * %S' .) - $4))
        head -c $room /dev/zero > filler || true
        find ve | sort > "$2.before"
        status=0; "$5" bootstrap.py || status=$?
        find ve | sort | cmp - "$2.before"
        echo "still $(ve/bin/tiny); left: $(ls -d .ve* 2>/dev/null)"
        exit $status
    """
    run = subprocess.run(
        [
            *OWN_MOUNTS,
            "sh",
            "-c",
            script,
            "sh",
            built_project,
            disk,
            str(size * 2 + 4_000_000),
            str(free),
            sys.executable,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "the disk is full" in run.stderr
    assert run.stderr.count("\n  next: ") == 1
    assert "still 1.0; left: \n" in run.stdout


@pytest.mark.needs("unshare", "mount")
def test_read_only_project_is_reported(built_project: Path) -> None:
    read_only = 'mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" && exec "$@"'
    refused(
        built_project,
        "can't be written",
        "  # as its owner, on a writable disk: ",
        status=1,
        prefix=(*OWN_MOUNTS, "sh", "-c", read_only, "sh"),
    )


@pytest.mark.parametrize("python", too_old(), ids=lambda path: path.name)
def test_bootstrap_refuses_an_old_interpreter(built_project: Path, python: Path) -> None:
    run = bootstrap(built_project, python=python)
    assert run.returncode == 2
    assert "is too old, 3.11 or later is needed" in run.stderr
    assert "next: python3.11 bootstrap.py" in run.stderr
    assert ve_version(built_project) == "1.0"


@pytest.mark.parametrize("python", too_old(), ids=lambda path: path.name)
def test_python_option_refuses_an_old_interpreter(built_project: Path, python: Path) -> None:
    refused(built_project, str(python), "too old", status=2, options=("--python", str(python)))


def test_missing_bootstrapper_is_reported(built_project: Path) -> None:
    next((built_project / lockfile.SOURCE).glob("bootstrapper-*.whl")).unlink()
    run = bootstrap(built_project)
    assert run.returncode == 1
    assert "0 files bootstrapper-*.whl in " in run.stderr
    assert "next: git checkout" in run.stderr
    assert ve_version(built_project) == "1.0"


def test_second_bootstrapper_is_reported(built_project: Path) -> None:
    other = built_project / lockfile.SOURCE / "bootstrapper-0.0.1-py3-none-any.whl"
    other.write_bytes(b"")
    run = bootstrap(built_project)
    assert run.returncode == 1
    assert run.stderr.endswith(f"\n  next: rm '{other}'\n")


def test_unknown_option_is_refused(built_project: Path) -> None:
    run = bootstrap(built_project, "--pyton", "3.12")
    assert run.returncode == 2
    assert "--pyton" in run.stderr


def test_directory_without_project_is_refused(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bootstrapper", "rebuild"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert f"{tmp_path}: is no project: it has no requirements/" in run.stderr


@pytest.mark.needs("prlimit")
def test_file_size_limit_is_reported(built_project: Path) -> None:
    """An unexpected error of the system is reported without a traceback."""
    replace_tiny(built_project, files={"tiny.bin": secrets.token_bytes(1_000_000)})
    refused(built_project, TINY, "File too large", status=1, prefix=("prlimit", "--fsize=500000"))
