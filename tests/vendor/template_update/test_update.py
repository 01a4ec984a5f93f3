"""A generated project follows its template."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.wheels import lock_line, make_wheel
from tests.vendor.conftest import COMPILED, vendor
from tests.vendor.template_update.conftest import (
    VIEWS,
    Files,
    Template,
    commit,
    files,
    git,
    update,
)
from vendor_fetch.template.record import read_record


def test_untouched_project_becomes_a_new_one(
    template: Template, project: Path, fresh: Callable[..., Files], index: Index
) -> None:
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.write("site/urls.py", "urls\n")
    (template.files / "site/models.py").rename(template.files / "site/records.py")
    template.write("logo.ico", bytes(range(255, -1, -1)))
    (template.files / "site/views.py").chmod(0o755)
    template.edit("templates/base.html", "h1", "h2")
    tiny = make_wheel(index.directory, "tiny", "2.0", tag=COMPILED)
    lock = template.directory / "locks/apps-sqlite-wheel.txt"
    lock.write_text(lock_line(tiny, 'sys_platform == "linux"'))
    template.release("v2")
    assert update(project) == 0
    assert files(project) == fresh()
    assert git(project, "status", "--porcelain") == ""
    assert len(git(project, "log", "--oneline").splitlines()) == 2


def test_every_tagged_version_leads_to_the_newest(
    template: Template, tmp_path: Path, fresh: Callable[..., Files]
) -> None:
    projects = []
    for number in range(1, 6):
        made = template.generate(tmp_path / f"from{number}")
        git(made, "init", "-q", "-b", "main")
        commit(made, "Add the site")
        projects.append(made)
        template.edit("site/views.py", f"line {number}\n", f"number {number}\n")
        template.write(f"site/part{number}.py", f"part {number}\n")
        (template.files / f"site/part{number - 1}.py").unlink(missing_ok=True)
        template.release(f"v{number + 1}")
    newest = fresh()
    for made in projects:
        assert update(made) == 0
        assert files(made) == newest


def test_same_version_makes_no_commit(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = git(project, "rev-parse", "HEAD")
    assert update(project) == 0
    assert git(project, "rev-parse", "HEAD") == head
    assert "Nothing to do: the project follows version v1" in capsys.readouterr().out


def test_second_update_changes_nothing(template: Template, project: Path) -> None:
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(project) == 0
    head = git(project, "rev-parse", "HEAD")
    assert update(project) == 0
    assert git(project, "rev-parse", "HEAD") == head


def test_edits_of_the_project_are_merged(template: Template, project: Path) -> None:
    views = project / "site/views.py"
    views.write_text(views.read_text().replace("line 20\n", "line twenty\n"))
    (project / "site/own.py").write_text("own\n")
    commit(project, "Edit")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(project) == 0
    expected = VIEWS.replace("line 3\n", "line three\n").replace("line 20\n", "line twenty\n")
    assert views.read_text() == expected
    assert (project / "site/own.py").read_text() == "own\n"


def test_edit_follows_a_file_that_the_template_renames(template: Template, project: Path) -> None:
    views = project / "site/views.py"
    views.write_text(views.read_text().replace("line 20\n", "line twenty\n"))
    commit(project, "Edit")
    (template.files / "site/views.py").rename(template.files / "site/pages.py")
    template.release("v2")
    assert update(project) == 0
    assert not views.exists()
    assert "line twenty" in (project / "site/pages.py").read_text()


def test_own_files_of_the_project_stay(template: Template, project: Path) -> None:
    own = {
        "requirements/apps.in": "tiny\n# ours\n",
        "site/migrations/0001_initial.py": "# ours\n",
        ".env": "SECRET_KEY=ours\n",
    }
    line = (project / "requirements/apps.in").read_text().splitlines()[-1]
    own["requirements/apps.in"] += f"{line}\n"
    for name, content in own.items():
        (project / name).write_text(content)
    assert vendor(project) == 0
    commit(project, "Ours")
    template.write("requirements/apps.in", "tiny\nhelper\n")
    template.write("site/migrations/0001_initial.py", "# theirs\n")
    template.write("site/migrations/0002_more.py", "# theirs\n")
    template.write("site/urls.py", "urls\n")
    template.release("v2")
    assert update(project) == 0
    changed = git(project, "show", "--format=", "--name-only", "HEAD").splitlines()
    assert "site/urls.py" in changed
    assert not any("migrations" in name for name in changed)
    assert (project / ".env").read_text() == own[".env"]
    # Only the name of bootstrapper's own wheel is another.
    apps_in = (project / "requirements/apps.in").read_text()
    assert apps_in == own["requirements/apps.in"].replace("bootstrapper-1-", "bootstrapper-2-")


def test_pages_belong_to_a_project_that_has_changed_one(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "templates/index.html").write_text("<p>ours</p>\n")
    commit(project, "Ours")
    template.write("templates/index.html", "<p>theirs</p>\n")
    template.edit("templates/base.html", "h1", "h2")
    template.release("v2")
    assert update(project) == 0
    assert (project / "templates/index.html").read_text() == "<p>ours</p>\n"
    assert "h1" in (project / "templates/base.html").read_text()
    printed = capsys.readouterr().out
    assert "  templates/base.html\n  templates/index.html\n" in printed
    trees = printed.partition("git diff ")[2].split()[:2]
    assert "h2" in git(project, "diff", *trees, "--", "templates/base.html")


def test_locked_versions_of_the_project_stay(
    template: Template, project: Path, index: Index
) -> None:
    make_wheel(index.directory, "helper")
    apps_in = project / "requirements/apps.in"
    apps_in.write_text("helper\n" + apps_in.read_text())
    assert vendor(project) == 0
    commit(project, "Add helper")
    make_wheel(index.directory, "helper", "2.0")
    tiny = make_wheel(index.directory, "tiny", "2.0", tag=COMPILED)
    lock = template.directory / "locks/apps-sqlite-wheel.txt"
    lock.write_text(lock_line(tiny, 'sys_platform == "linux"'))
    template.release("v2")
    assert update(project) == 0
    names = {
        path.name.split("-")[0]: path.name for path in (project / "requirements/src").iterdir()
    }
    assert "-1.0-" in names["helper"]
    assert "-1.0-" in names["tiny"]
    assert "-2-" in names["bootstrapper"]
    assert vendor(project, "check") == 0


def test_record_is_that_of_the_new_version(template: Template, project: Path) -> None:
    views = project / "site/views.py"
    views.write_text(views.read_text().replace("line 20\n", "line twenty\n"))
    commit(project, "Edit")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(project) == 0
    template.edit("site/views.py", "line 7\n", "line seven\n")
    template.release("v3")
    assert update(project) == 0
    record = read_record(project)
    assert record
    assert record.version == "v3"
    text = views.read_text()
    assert all(word in text for word in ("three", "seven", "twenty"))


def test_notes_of_the_versions_between_are_printed(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = template.directory / "UPGRADING.md"
    notes.write_text("# Notes\n\n## 2\n\nMove FOO.\n")
    template.release("v2")
    notes.write_text("# Notes\n\n## 3\n\nRun ./manage.py migrate.\n\n## 2\n\nMove FOO.\n")
    template.release("v3")
    assert update(project) == 0
    printed = capsys.readouterr().out
    assert printed.index("Run ./manage.py migrate.") < printed.index("Move FOO.")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v4")
    assert update(project) == 0
    assert "Move FOO." not in capsys.readouterr().out


def test_new_question_gets_its_default(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = template.directory / "cookiecutter.json"
    asked = json.loads(questions.read_text())
    questions.write_text(json.dumps({"colour": "blue", **asked}))
    template.write("colour.txt", "<< cookiecutter.colour >>\n")
    template.release("v2")
    assert update(project) == 0
    assert (project / "colour.txt").read_text() == "blue\n"
    assert "new question, colour" in capsys.readouterr().out
    assert update(project, "--answers", "colour=red") == 0
    assert (project / "colour.txt").read_text() == "red\n"


@pytest.mark.parametrize("answer", ["a << b >> c <% d %> {{ e }}", 'it\'s "quoted" \\ 🐟', "<<"])
def test_answers_are_no_template(template: Template, tmp_path: Path, answer: str) -> None:
    literal = f"<< {answer!r} >>"
    made = template.generate(tmp_path / "odd", f"description={literal}")
    git(made, "init", "-q", "-b", "main")
    commit(made, "Add the site")
    template.edit("README.md", "# <<", "## <<")
    template.release("v2")
    assert update(made) == 0
    assert (made / "README.md").read_text() == f"## site\n\n{answer}\n"


def test_answers_of_each_kind_stay(template: Template, tmp_path: Path) -> None:
    questions = template.directory / "cookiecutter.json"
    asked = json.loads(questions.read_text())
    table = {"key": "<< '<< z' >>", "list": ["<< '<% x' >>", 1]}
    kinds = {"flag": True, "none": None, "number": 3, "table": table, "text": "  ü\nx\n\n"}
    questions.write_text(json.dumps({**asked, **kinds}))
    lines = "".join(f"<< cookiecutter.{name} >>|\n" for name in kinds)
    template.write("kinds.txt", lines)
    template.release("v2")
    made = template.generate(tmp_path / "odd", "flag=no")
    git(made, "init", "-q", "-b", "main")
    commit(made, "Add the site")
    before = (made / "kinds.txt").read_text()
    assert "'<< z'" in before
    template.write("kinds.txt", f"# new\n{lines}")
    template.release("v3")
    assert update(made) == 0
    assert (made / "kinds.txt").read_text() == f"# new\n{before}"


def test_dry_run_changes_nothing(
    template: Template, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    before, head = files(project), git(project, "rev-parse", "HEAD")
    assert update(project, "--dry-run") == 0
    assert (files(project), git(project, "rev-parse", "HEAD")) == (before, head)
    assert "changed  site/views.py" in capsys.readouterr().out


def test_project_in_a_directory_of_a_repository_follows(
    template: Template, tmp_path: Path, fresh: Callable[..., Files]
) -> None:
    shop = tmp_path / "shop"
    made = template.generate(shop / "sites")
    (shop / "other.txt").write_text("other\n")
    git(shop, "init", "-q", "-b", "main")
    commit(shop, "Add all")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(made) == 0
    assert files(made) == fresh()
    assert git(shop, "status", "--porcelain") == ""


def test_project_without_committed_locks_follows(template: Template, project: Path) -> None:
    ignored = ["requirements/src", "requirements/apps.txt", "requirements/tools.txt"]
    git(project, "rm", "-rq", "--cached", *ignored)
    (project / ".git/info/exclude").write_text("".join(f"/{name}\n" for name in ignored))
    commit(project, "Ignore the vendored files")
    before = (project / "requirements/apps.txt").read_bytes()
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(project) == 0
    assert "line three" in (project / "site/views.py").read_text()
    assert (project / "requirements/apps.txt").read_bytes() == before


def test_file_that_changes_its_kind_is_not_deleted(template: Template, project: Path) -> None:
    lists = template.directory / "template.toml"
    lists.write_text(lists.read_text().replace('".env", ', '".env", "site/views.py", '))
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(project) == 0
    assert (project / "site/views.py").read_text() == VIEWS
