"""./bootstrap.py builds a virtualenv that holds exactly the lock, without a network, anywhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import bootstrap, ve_bootstrapper, ve_version
from tests.support.interpreters import interpreters
from tests.support.wheels import lock_line, make_wheel


def add_wheel(project: Path, **details: object) -> Path:
    wheel = make_wheel(project / lockfile.SOURCE, **details)  # type: ignore[arg-type]
    with (project / lockfile.APPS).open("a") as lock:
        lock.write(lock_line(wheel))
    return wheel


def site(project: Path) -> Path:
    return next((project / "ve/lib").glob("python*/site-packages"))


def test_virtualenv_holds_exactly_the_lock(built_project: Path) -> None:
    names = {
        re.sub(r"^bootstrapper-.*\.", "bootstrapper.", path.name)
        for path in site(built_project).iterdir()
    }
    assert names - {"_virtualenv.py", "_virtualenv.pth"} == {
        "tiny.py",
        "tiny-1.0.dist-info",
        "__pycache__",
        "bootstrapper",
        "vendor_fetch",
        "bootstrapper.dist-info",
    }
    assert ve_version(built_project) == "1.0"


def test_rebuild_removes_the_old_virtualenv(built_project: Path) -> None:
    stray = site(built_project) / "stray.py"
    stray.write_text("")
    assert bootstrap(built_project).returncode == 0
    assert not stray.exists()
    assert sorted(path.name for path in built_project.iterdir()) == [
        "bootstrap.py",
        "requirements",
        "ve",
    ]


def test_no_file_names_the_staging_directory(built_project: Path) -> None:
    for path in (built_project / "ve").rglob("*"):
        if path.is_file() and not path.is_symlink():
            assert not re.search(rb"\.ve\.build-[0-9a-f]{8}", path.read_bytes()), path
    output = subprocess.run(
        [
            built_project / "ve/bin/python",
            "-c",
            "import tiny; print(tiny.main.__code__.co_filename)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output.strip() == str(site(built_project) / "tiny.py")


def test_virtualenv_can_be_activated(built_project: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", ". ve/bin/activate && command -v tiny && tiny"],
        cwd=built_project,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [str(built_project / "ve/bin/tiny"), "1.0"]


def test_bootstrapper_is_installed(built_project: Path) -> None:
    done = ve_bootstrapper(built_project, "check")
    assert (done.returncode, done.stderr) == (0, "")


def test_virtualenv_rebuilds_itself(built_project: Path) -> None:
    done = ve_bootstrapper(built_project, "rebuild")
    assert done.returncode == 0, done.stderr
    assert ve_version(built_project) == "1.0"


def test_compiled_bytecode_is_used(built_project: Path) -> None:
    done = subprocess.run(
        [built_project / "ve/bin/python", "-v", "-c", "import tiny"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.search(r"code object from .*tiny\.cpython-\d+\.pyc", done.stderr)


@pytest.mark.parametrize("version", interpreters())
def test_requires_python_chooses_the_interpreter(
    tiny_project: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = interpreters()[version]
    (tiny_project / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nrequires-python = "=={version}.*"\n'
    )
    monkeypatch.setenv("PATH", str(executable.parent), prepend=os.pathsep)
    run = bootstrap(tiny_project)
    assert run.returncode == 0, run.stderr
    output = subprocess.run(
        [
            tiny_project / "ve/bin/python",
            "-c",
            "import sys, tiny; print(*sys.version_info[:2], sep='.'); print(tiny.__spec__.cached)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert output[0] == version
    assert Path(output[1]).is_file()


@pytest.mark.parametrize("version", interpreters())
def test_every_python_can_run_bootstrap(tiny_project: Path, version: str) -> None:
    run = bootstrap(tiny_project, "--python", sys.executable, python=interpreters()[version])
    assert run.returncode == 0, run.stderr
    assert ve_version(tiny_project) == "1.0"


def test_python_outside_requires_python_is_refused(built_project: Path) -> None:
    (built_project / "pyproject.toml").write_text('[project]\nrequires-python = "==3.9.*"\n')
    run = bootstrap(built_project, "--python", sys.executable)
    assert run.returncode == 2
    assert 'pyproject.toml has requires-python = "==3.9.*"' in run.stderr
    assert ve_version(built_project) == "1.0"


def test_missing_python_is_reported(built_project: Path) -> None:
    run = bootstrap(built_project, "--python", "3.99")
    assert run.returncode == 2
    assert "Python 3.99: virtualenv finds none on this machine" in run.stderr
    assert ve_version(built_project) == "1.0"


@pytest.mark.skipif(len(interpreters()) < 2, reason="needs a second Python")
def test_python_of_the_lock_is_chosen(tiny_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    version, executable = next(each for each in interpreters().items() if each[0] != here)
    (tiny_project / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.11"\n')
    code = make_wheel(
        tiny_project / lockfile.SOURCE, "code", tag=f"cp{version.replace('.', '')}-none-any"
    )
    with (tiny_project / lockfile.APPS).open("a") as lock:
        lock.write(lock_line(code, f'python_version == "{version}"'))
    monkeypatch.setenv("PATH", str(executable.parent), prepend=os.pathsep)
    run = bootstrap(tiny_project)
    assert run.returncode == 0, run.stderr
    assert site(tiny_project).parent.name == f"python{version}"
    assert (site(tiny_project) / "code.py").is_file()


def test_files_of_every_kind_are_installed(tiny_project: Path) -> None:
    scripts = "kinds-1.0.data/scripts"
    add_wheel(
        tiny_project,
        name="kinds",
        executable=["kinds/tool", f"{scripts}/kinds-sh", f"{scripts}/kinds-py"],
        files={
            "kinds/__init__.py": "",
            "kinds/tool": "#!/bin/sh\n",
            "kinds/empty.txt": "",
            "kinds/naïve.txt": "ü",
            "kinds/broken.py": "print 'two'\n",
            f"{scripts}/kinds-sh": "#!/bin/sh\necho sh\n",
            f"{scripts}/kinds-py": "#!python\nimport kinds; print('py')\n",
            "kinds-1.0.data/headers/kinds.h": "// a header\n",
            "kinds-1.0.data/data/share/kinds/data.txt": "data\n",
            "kinds-1.0.data/platlib/kinds_native.txt": "native\n",
        },
    )
    assert bootstrap(tiny_project).returncode == 0
    ve, packages = tiny_project / "ve", site(tiny_project)
    version = packages.parent.name
    assert os.access(packages / "kinds/tool", os.X_OK)
    assert not os.access(packages / "kinds/empty.txt", os.X_OK)
    assert (packages / "kinds/naïve.txt").read_text() == "ü"
    assert (packages / "kinds_native.txt").is_file()
    assert (ve / "share/kinds/data.txt").read_text() == "data\n"
    assert (ve / f"include/site/{version}/kinds/kinds.h").is_file()
    for script, output in (("kinds-sh", "sh\n"), ("kinds-py", "py\n")):
        assert (
            subprocess.run([ve / "bin" / script], capture_output=True, text=True, check=True).stdout
            == output
        )


def test_later_line_wins_for_a_shared_file(tiny_project: Path) -> None:
    for name in ("first", "second", "third"):
        add_wheel(
            tiny_project,
            name=name,
            files={"shared/__init__.py": f"FROM = {name!r}\n", f"shared/{name}.py": ""},
        )
    for _ in range(3):
        assert bootstrap(tiny_project, "--jobs", "4").returncode == 0
        output = subprocess.run(
            [tiny_project / "ve/bin/python", "-c", "import shared; print(shared.FROM)"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert output == "third\n"


def test_two_rebuilds_run_one_after_the_other(built_project: Path) -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "bootstrap.py"],
            cwd=built_project,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    output = [run.communicate(timeout=120) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], output
    waiting = f"(fuser -v '{built_project}/requirements' shows the process)"
    assert sum("waiting for another rebuild" in out for out, _ in output) == 2
    assert sum(waiting in out for out, _ in output) == 2
    assert ve_version(built_project) == "1.0"
    assert not list(built_project.glob(".ve*"))


@pytest.mark.needs("unshare")
def test_rebuild_needs_no_network(tiny_project: Path) -> None:
    prefix = ("unshare", "-n") if os.getuid() == 0 else ("unshare", "-rn")
    run = bootstrap(tiny_project, prefix=prefix)
    assert run.returncode == 0, run.stderr
    assert ve_version(tiny_project) == "1.0"


@pytest.mark.needs("strace")
def test_rebuild_opens_no_socket(tiny_project: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    run = bootstrap(
        tiny_project, prefix=("strace", "-f", "-qq", "-e", "trace=%network", "-o", str(trace))
    )
    assert run.returncode == 0, run.stderr
    calls = trace.read_text()
    assert "AF_INET" not in calls
    # The trace does find a socket that is opened.
    subprocess.run(
        [
            "strace",
            "-f",
            "-qq",
            "-e",
            "trace=%network",
            "-o",
            trace,
            sys.executable,
            "-c",
            "import socket; socket.socket()",
        ],
        check=True,
    )
    assert "AF_INET" in trace.read_text()


def test_leftovers_of_a_killed_rebuild_are_removed(built_project: Path) -> None:
    left = built_project / ".ve.build-0badcafe/ve/lib"
    left.mkdir(parents=True)
    assert bootstrap(built_project).returncode == 0
    assert not list(built_project.glob(".ve*"))


def test_virtualenv_moved_aside_is_restored(built_project: Path) -> None:
    (built_project / "ve").rename(built_project / ".ve.old")
    (built_project / lockfile.APPS).write_text("nonsense\n")
    assert bootstrap(built_project).returncode == 2
    assert ve_version(built_project) == "1.0"


def test_link_to_a_virtualenv_is_replaced(built_project: Path, tmp_path: Path) -> None:
    elsewhere = (built_project / "ve").rename(tmp_path / "elsewhere")
    (built_project / "ve").symlink_to(elsewhere)
    assert bootstrap(built_project).returncode == 0
    assert not (built_project / "ve").is_symlink()
    assert (elsewhere / "bin/tiny").is_file()


def test_output_is_one_line_a_step_none_with_q(tiny_project: Path, cold_store: Path) -> None:
    output = bootstrap(tiny_project).stdout.splitlines()
    assert [line.split()[0] for line in output] == ["verify", "unpack", "link", "ve/"]
    assert re.fullmatch(r"unpack      2/2 +\d+\.\d\d s", output[1])
    quiet = bootstrap(tiny_project, "-q")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    loud = bootstrap(tiny_project, "-v").stdout
    assert "requirements/src/tiny-1.0-py3-none-any.whl" in loud
