"""Modes in a virtualenv do not depend on the umask, and `check` compares them."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import bootstrap, replace_tiny, ve_version
from tests.support.site import DEBIAN_PYTHON
from tests.ve.test_check import check, differences

NOBODY = 65534
PROGRAM = "#!/bin/sh\necho a program\n"


@pytest.fixture
def plain_project(tiny_project: Path) -> Path:
    """Return a project with a script that is a module and a program.

    Its path needs no quoting, so the store keeps its empty virtualenv.
    """
    project = Path(shutil.copytree(tiny_project, tiny_project.with_name("plain")))
    replace_tiny(
        project,
        entry_points="[console_scripts]\ntiny = tiny:main\n",
        files={
            "tiny.py": "VERSION = '1.0'\ndef main() -> None:\n    print(VERSION)\n",
            "tiny-1.0.data/scripts/tool.py": "#!python\nprint('a tool')\n",
            "tiny-1.0.data/scripts/program": PROGRAM,
        },
        executable=["tiny-1.0.data/scripts/tool.py", "tiny-1.0.data/scripts/program"],
    )
    project.chmod(0o755)
    return project


@pytest.fixture
def store_of_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOOTSTRAP_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def rebuilt(project: Path, mask: str = "022") -> None:
    run = bootstrap(project, prefix=("sh", "-c", f'umask {mask} && exec "$@"', "sh"))
    assert (run.returncode, run.stderr) == (0, "")
    assert ve_version(project) == "1.0"


def modes(ve: Path) -> dict[str, str]:
    return {
        str(path.relative_to(ve)): f"{stat.S_IMODE(path.lstat().st_mode):04o}"
        for path in (ve, *ve.rglob("*"))
        if not path.is_symlink()
    }


@pytest.mark.parametrize("mask", ["077", "027", "002", "000"])
def test_modes_do_not_depend_on_the_umask(
    plain_project: Path, store_of_old: Path, mask: str
) -> None:
    rebuilt(plain_project)
    expected = modes(plain_project / "ve")
    assert set(expected.values()) == {"0755", "0644", "0444", "0555"}
    assert expected["pyvenv.cfg"] == expected["bootstrapper.json"] == "0644"
    assert expected["bin/tool.py"] == "0755" and expected["bin/program"] == "0555"
    shutil.rmtree(store_of_old)
    for _ in range(2):  # the second run uses the store and a recycled virtualenv
        rebuilt(plain_project, mask)
        assert modes(plain_project / "ve") == expected
    assert not [
        path
        for path in store_of_old.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o022
    ]
    rebuilt(plain_project)
    assert modes(plain_project / "ve") == expected
    assert differences(plain_project) == []


@pytest.mark.needs(DEBIAN_PYTHON)
@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to be another user")
def test_site_user_can_run_a_ve_built_with_umask_077(
    plain_project: Path, store_of_old: Path, server_root: Path
) -> None:
    project = Path(shutil.copytree(plain_project, server_root / "by umask 077"))
    run = bootstrap(
        project,
        "--python",
        DEBIAN_PYTHON,
        python=DEBIAN_PYTHON,
        prefix=("sh", "-c", 'umask 077 && exec "$@"', "sh"),
    )
    assert (run.returncode, run.stderr) == (0, "")
    run = subprocess.run(
        [project / "ve/bin/tiny"],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert (run.stdout, run.stderr) == ("1.0\n", "")


def test_group_can_replace_a_shared_virtualenv(plain_project: Path, store_of_old: Path) -> None:
    plain_project.chmod(0o2775)
    rebuilt(plain_project, "077")
    found = modes(plain_project / "ve")
    folders = {mode for path, mode in found.items() if (plain_project / "ve" / path).is_dir()}
    assert folders == {"2775"}
    assert {mode for path, mode in found.items() if not (plain_project / "ve" / path).is_dir()} == {
        "0644",
        "0755",
        "0444",
        "0555",
    }
    assert differences(plain_project) == []


def _store_file(store: Path, pattern: str) -> Path:
    return next(path for path in store.glob(f"*/{pattern}") if path.is_file())


@pytest.mark.parametrize(
    "pattern",
    [
        "bare/*/ve/pyvenv.cfg",
        "bare/*/ve/bin/activate",
        "cpython-*/*/tree/lib/*/*/tiny.py",
        "cpython-*/*/tree/lib/*/*/__pycache__/tiny.*.pyc",
        "cpython-*/*/tree/bin/program",
    ],
)
def test_wrong_modes_in_the_store_are_repaired(
    plain_project: Path, store_of_old: Path, pattern: str
) -> None:
    rebuilt(plain_project)
    expected = modes(plain_project / "ve")
    for mode in (0o600, 0o400, 0o666):
        _store_file(store_of_old, pattern).chmod(mode)
        rebuilt(plain_project)
        assert modes(plain_project / "ve") == expected
        assert differences(plain_project) == []


@pytest.mark.parametrize(
    ("path", "mode", "fault"),
    [
        ("pyvenv.cfg", 0o600, "its mode is 0600, the site's user can't read it"),
        ("bootstrapper.json", 0o640, "its mode is 0640, the site's user can't read it"),
        ("lib/*/*/tiny.py", 0o400, "its mode is 0400, the site's user can't read it"),
        ("lib/*/*/tiny.py", 0o666, "its mode is 0666, other users can write it"),
        (
            "lib/*/*/__pycache__/tiny.*.pyc",
            0o440,
            "its mode is 0440, the site's user can't read it",
        ),
        ("bin/tiny", 0o644, "its mode is 0644, the site's user can't execute it"),
        ("bin/program", 0o744, "its mode is 0744, the site's user can't execute it"),
        ("bin", 0o750, "its mode is 0750, the site's user can't enter it"),
        ("lib/*/site-packages", 0o777, "its mode is 0777, other users can write into it"),
        ("", 0o700, "its mode is 0700, the site's user can't enter it"),
    ],
)
def test_check_finds_a_wrong_mode(
    plain_project: Path, store_of_old: Path, path: str, mode: int, fault: str
) -> None:
    rebuilt(plain_project)
    place = next(plain_project.glob(f"ve/{path}"))
    place.chmod(mode)
    run = check(plain_project, "-q")
    where = "ve/" + str(place.relative_to(plain_project / "ve")).removeprefix(".")
    assert (run.returncode, run.stdout) == (1, f"{where}: {fault}\n")
    assert run.stderr == "1 difference\n  next: ./bootstrap.py\n"
    rebuilt(plain_project)
    assert differences(plain_project) == []
