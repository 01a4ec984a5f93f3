from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import lock_line, make_wheel
from tests.vendor.conftest import MakeProject, vendor

SOURCE = "requirements/src"


@pytest.fixture
def project(index: Index, make_project: MakeProject) -> Path:
    """tiny asks for helper, and for more with its extra; nothing differs."""
    make_wheel(index.directory, "tiny", requires=["helper>=1", 'more ; extra == "all"'])
    make_wheel(index.directory, "helper")
    made = make_project("tiny")
    assert vendor(made) == 0
    index.stop()
    return made


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        text = (project / name).read_text()
        assert old in text
        (project / name).write_text(text.replace(old, new))

    return change


def drop_line(project: Path) -> None:
    lock = project / "requirements/apps.txt"
    lock.write_text(
        "".join(line for line in lock.read_text().splitlines(keepends=True) if "helper" not in line)
    )
    (project / SOURCE / "helper-1.0-py3-none-any.whl").unlink()


def add_two(project: Path) -> None:
    with (project / "requirements/apps.txt").open("a") as lock:
        lock.write(lock_line(make_wheel(project / SOURCE, "helper", "2.0")))


def add_unasked(project: Path) -> None:
    with (project / "requirements/apps.txt").open("a") as lock:
        lock.write(lock_line(make_wheel(project / SOURCE, "unasked")))


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        (
            lambda project: (project / SOURCE / "tiny-1.0-py3-none-any.whl").unlink(),
            "requirements/src/tiny-1.0-py3-none-any.whl: the file is missing; "
            "requirements/apps.txt:5 names it",
        ),
        (
            lambda project: (project / SOURCE / "tiny-1.0-py3-none-any.whl").write_bytes(
                b"changed"
            ),
            "requirements/src/tiny-1.0-py3-none-any.whl: the sha256 of its 7 bytes is d67e2e94",
        ),
        (
            lambda project: make_wheel(project / SOURCE, "stray"),
            "requirements/src/stray-1.0-py3-none-any.whl: no line of apps.txt or tools.txt names this file",
        ),
        (
            edit("requirements/apps.in", "tiny", "tiny>=2"),
            "requirements/apps.txt: has tiny 1.0, requirements/apps.in asks for tiny>=2",
        ),
        (
            edit("requirements/apps.in", "tiny", "tiny\nother"),
            "requirements/apps.txt: lacks other, which requirements/apps.in asks for",
        ),
        (
            edit("requirements/apps.in", "tiny", "tiny[all]"),
            'requirements/apps.txt: lacks more ; extra == "all", which tiny asks for',
        ),
        (drop_line, "requirements/apps.txt: lacks helper>=1, which tiny asks for"),
        (
            add_two,
            "requirements/apps.txt: has helper 2 times: helper-1.0-py3-none-any.whl, "
            "helper-2.0-py3-none-any.whl",
        ),
        (add_unasked, ": nothing asks for unasked-1.0-py3-none-any.whl"),
        (edit("requirements/apps.txt", "--hash=sha256:", "--hash=md5:"), ": a hash must be"),
        (
            lambda project: (project / "requirements/tools.txt").unlink(),
            "requirements/tools.txt: the file is missing",
        ),
    ],
)
def test_check_prints_each_difference(
    change: Callable[[Path], None], printed: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    change(project)
    assert vendor(project, "check") == 1
    out = capsys.readouterr().out
    assert printed in out
    assert out.endswith("  next: make vendor\n")


def test_check_prints_agreement(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert vendor(project, "check") == 0
    assert capsys.readouterr().out == (
        "requirements/src/ agrees with requirements/apps.in, apps.txt and tools.txt\n"
    )


def test_check_names_a_file_that_is_no_archive(
    index: Index, make_project: MakeProject, capsys: pytest.CaptureFixture[str]
) -> None:
    make_wheel(index.directory, "tiny")
    project = make_project("tiny")
    assert vendor(project) == 0
    wheel = project / SOURCE / "tiny-1.0-py3-none-any.whl"
    old = lock_line(wheel)
    wheel.write_bytes(b"no zip file")
    edit("requirements/apps.txt", old, lock_line(wheel))(project)
    assert vendor(project, "check") == 1
    assert "tiny-1.0-py3-none-any.whl: not an archive that can be read" in capsys.readouterr().out
