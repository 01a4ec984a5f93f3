"""`self-upgrade` renews bootstrapper's wheel and bootstrap.py, and nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from bootstrapper.ve.project.lockfile import APPS, read
from tests.support.index import Index
from tests.support.wheels import make_wheel
from tests.vendor.conftest import MakeProject, vendor
from tests.vendor.template_update.conftest import Template, commit, files, git

Output = pytest.CaptureFixture[str]


def upgrade(project: Path, *words: str) -> int:
    return vendor(project, "self-upgrade", *words)


def own_wheels(project: Path) -> list[str]:
    return [path.name for path in (project / "requirements/src").glob("bootstrapper-*")]


@pytest.fixture
def newer(template: Template, project: Path) -> Template:
    template.write("bootstrap.py", "#!/usr/bin/env python3\n# two\n")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    return template


def test_wheel_and_bootstrap_are_renewed(newer: Template, project: Path) -> None:
    before = files(project)
    assert upgrade(project) == 0
    after = files(project)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {
        "bootstrap.py",
        "requirements/apps.in",
        "requirements/apps.txt",
        "requirements/src/bootstrapper-1-py3-none-any.whl",
        "requirements/src/bootstrapper-2-py3-none-any.whl",
    }
    assert own_wheels(project) == ["bootstrapper-2-py3-none-any.whl"]
    assert "# two" in (project / "bootstrap.py").read_text()
    assert os.access(project / "bootstrap.py", os.X_OK)
    assert vendor(project, "check") == 0


def test_second_run_changes_nothing(newer: Template, project: Path, capsys: Output) -> None:
    assert upgrade(project) == 0
    before = files(project)
    assert upgrade(project) == 0
    assert files(project) == before
    assert "Nothing to do: bootstrapper-2-" in capsys.readouterr().out


def test_wheel_of_the_same_version_is_renewed(template: Template, project: Path) -> None:
    (template.directory / "LICENSE").unlink()
    (template.directory / "LICENSE").write_text("another text\n")
    commit(template.directory, "Another licence")
    [name] = own_wheels(project)
    before = (project / "requirements/src" / name).read_bytes()
    assert upgrade(project) == 0
    assert own_wheels(project) == [name]
    assert (project / "requirements/src" / name).read_bytes() != before
    assert vendor(project, "check") == 0


def test_dry_run_changes_nothing(newer: Template, project: Path, capsys: Output) -> None:
    before = files(project)
    assert upgrade(project, "--dry-run") == 0
    assert files(project) == before
    assert "bootstrapper" in capsys.readouterr().out


def test_older_wheel_does_not_come_back(newer: Template, project: Path) -> None:
    assert upgrade(project) == 0
    assert upgrade(project, "--to", "v1") == 0
    assert own_wheels(project) == ["bootstrapper-2-py3-none-any.whl"]


def test_update_keeps_a_newer_wheel(newer: Template, project: Path) -> None:
    newer.release("v3")
    assert upgrade(project) == 0
    commit(project, "Renew bootstrapper")
    assert vendor(project, "template-update", "--to", "v2") == 0
    assert own_wheels(project) == ["bootstrapper-3-py3-none-any.whl"]
    assert vendor(project, "check") == 0


def test_changed_bootstrap_stays(newer: Template, project: Path, capsys: Output) -> None:
    (project / "bootstrap.py").write_text("#!/usr/bin/env python3\n# ours\n")
    assert upgrade(project) == 1
    assert (project / "bootstrap.py").read_text() == "#!/usr/bin/env python3\n# ours\n"
    assert own_wheels(project) == ["bootstrapper-2-py3-none-any.whl"]
    printed = capsys.readouterr().out
    assert "-# ours\n+# two\n" in printed


def test_bootstrap_of_an_older_version_is_renewed(newer: Template, project: Path) -> None:
    assert upgrade(project) == 0
    newer.write("bootstrap.py", "#!/usr/bin/env python3\n# three\n")
    newer.release("v3")
    assert upgrade(project) == 0
    assert "# three" in (project / "bootstrap.py").read_text()


def test_project_that_was_not_generated_names_the_template(
    template: Template, make_project: MakeProject, index: Index, tmp_path: Path
) -> None:
    make_wheel(index.directory, "tiny", "3.0")
    project = make_project("tiny")
    assert upgrade(project, "--template", str(template.directory)) == 0
    assert {file.distribution.name for file in read(project, APPS)} == {"bootstrapper", "tiny"}
    assert (project / "bootstrap.py").is_file()


def test_locked_versions_stay(newer: Template, project: Path, index: Index) -> None:
    make_wheel(index.directory, "helper")
    apps_in = project / "requirements/apps.in"
    apps_in.write_text("helper\n" + apps_in.read_text())
    assert vendor(project) == 0
    make_wheel(index.directory, "helper", "2.0")
    assert upgrade(project) == 0
    assert any("helper-1.0-" in str(file.path) for file in read(project, APPS))


def test_missing_template_is_named(project: Path, newer: Template, capsys: Output) -> None:
    shutil.rmtree(newer.directory)
    before = files(project)
    assert upgrade(project) == 2
    assert files(project) == before
    assert "--template DIRECTORY" in capsys.readouterr().err
    assert git(project, "status", "--porcelain") == ""
