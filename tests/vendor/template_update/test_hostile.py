"""A hostile record, template or project runs no code, writes nowhere else, and loses no file."""

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vendor.conftest import vendor
from tests.vendor.template_update.conftest import Template, commit, files, git, update
from vendor_fetch.template_update import update as update_module

Output = pytest.CaptureFixture[str]


@pytest.fixture
def newer(template: Template, project: Path) -> Template:
    """A template that is at version v2."""
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    return template


def record(project: Path, **answers: Any) -> None:
    """Change the recorded answers."""
    file = project / ".template.json"
    content = json.loads(file.read_text())
    content["answers"] |= answers
    file.write_text(json.dumps(content, indent=2) + "\n")
    commit(project, "Other answers")


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do something while an update makes the vendored files."""
    make = update_module.make_generated

    def made(*words: Any, **named: Any) -> None:
        make(*words, **named)
        act()

    monkeypatch.setattr(update_module, "make_generated", made)


@pytest.mark.parametrize("form", ["list", "table", "name", "text", "delimiters"])
def test_recorded_answer_is_no_code(
    newer: Template, project: Path, tmp_path: Path, form: str
) -> None:
    pwned = tmp_path / "pwned"
    code = f"cycler.__init__.__globals__.os.system('touch {pwned}')"
    answers = {
        "list": {"description": [f"<< {code} >>"]},
        "table": {"description": {"a": f"<< {code} >>"}},
        "name": {"description": {f"<< {code} >>": "a"}},
        "text": {"description": f"<< {code} >>"},
        "delimiters": {
            "description": f"[[ {code} ]]",
            "_jinja2_env_vars": {"variable_start_string": "[[", "variable_end_string": "]]"},
        },
    }
    record(project, **answers[form])
    assert update(project) == 1
    assert not pwned.exists()


@pytest.mark.parametrize("slug", ["../../../../escaped", "{tmp}/escaped", "..", ".", "a/b", ""])
@pytest.mark.parametrize("way", ["recorded", "given"])
def test_answer_is_no_way_out_of_the_scratch_directory(
    newer: Template, project: Path, tmp_path: Path, slug: str, way: str, capsys: Output
) -> None:
    slug = slug.format(tmp=tmp_path)
    if way == "recorded":
        record(project, project_slug=slug)
    before = sorted(tmp_path.rglob("*escaped*"))
    names = set(os.listdir(tmp_path)), set(os.listdir(project)), set(os.listdir(project / ".git"))
    words = ("--answers", f"project_slug={slug}") if way == "given" else ()
    assert update(project, *words) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*escaped*")) == before
    after = set(os.listdir(tmp_path)), set(os.listdir(project)), set(os.listdir(project / ".git"))
    assert after[1:] == names[1:]
    assert after[0] - {"cache", "home"} == names[0] - {"cache", "home"}


def test_edit_during_the_update_is_kept(
    newer: Template, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    meanwhile(monkeypatch, lambda: (project / "site/views.py").write_text("mine\n"))
    head = git(project, "rev-parse", "HEAD")
    assert update(project) != 0
    assert (project / "site/views.py").read_text() == "mine\n"
    assert git(project, "rev-parse", "HEAD") == head
    assert "next:" in capsys.readouterr().err


def test_commit_during_the_update_is_kept(
    newer: Template, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act() -> None:
        (project / "site/views.py").write_text("mine\n")
        commit(project, "Mine")

    meanwhile(monkeypatch, act)
    assert update(project) != 0
    assert (project / "site/views.py").read_text() == "mine\n"
    assert git(project, "log", "-1", "--format=%s") == "Mine\n"
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
@pytest.mark.parametrize("conflict", [False, True])
def test_edit_that_git_ignores_is_kept(
    newer: Template, project: Path, flag: str, conflict: bool, capsys: Output
) -> None:
    if conflict:
        text = (project / "site/views.py").read_text()
        (project / "site/views.py").write_text(text.replace("line 3\n", "line drei\n"))
        commit(project, "Ours")
        newer.edit("site/models.py", "model 3\n", "model three\n")
        newer.release("v3")
    name = "site/models.py" if conflict else "site/views.py"
    git(project, "update-index", flag, name)
    (project / name).write_text("local\n")
    assert update(project) in (1, 2)
    assert (project / name).read_text() == "local\n"
    assert f"--no-{flag[2:]}" in capsys.readouterr().err


def test_ignored_file_in_a_renamed_directory_is_kept(template: Template, project: Path) -> None:
    git(project, "mv", "site", "shop")
    (project / ".gitignore").write_text((project / ".gitignore").read_text() + "/shop/own.py\n")
    commit(project, "Rename")
    (project / "shop/own.py").write_text("mine\n")
    template.write("site/own.py", "the template's\n")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    assert update(project) == 1
    assert (project / "shop/own.py").read_text() == "mine\n"
    assert not git(project, "ls-files", "--unmerged")


@pytest.mark.parametrize(
    "name", ["requirements/apps.in", "requirements/apps.txt", "requirements/src", "requirements",
             ".template.json"],
)  # fmt: skip
def test_link_to_another_directory_is_not_followed(
    newer: Template, project: Path, tmp_path: Path, name: str, capsys: Output
) -> None:
    target = tmp_path / "elsewhere"
    (project / name).rename(target)
    (project / name).symlink_to(target)
    commit(project, "Link")
    before = (
        {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
        if target.is_dir()
        else target.read_bytes()
    )
    assert update(project) in (1, 2)
    assert "is a link" in capsys.readouterr().err
    after = (
        {path: path.read_bytes() for path in target.rglob("*") if path.is_file()}
        if target.is_dir()
        else target.read_bytes()
    )
    assert after == before
    assert git(project, "status", "--porcelain") == ""


def test_link_out_of_the_template_is_refused(
    template: Template, project: Path, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "key").write_text("secret\n")
    (template.files / "site/key").symlink_to(tmp_path / "key")
    template.release("v2")
    assert update(project) in (1, 2)
    assert not (project / "site/key").exists()
    assert "site/key" in capsys.readouterr().err


def zipped(template: Template, file: Path, **more: str) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in template.directory.rglob("*"):
            name = path.relative_to(template.directory)
            if path.is_file() and name.parts[0] != ".git":
                archive.write(path, f"template/{name}")
        for name, text in more.items():
            archive.writestr(name, text)
    return file


def test_zip_file_brings_no_configuration_of_git(
    newer: Template, project: Path, tmp_path: Path
) -> None:
    old = zipped(newer, tmp_path / "old.zip")
    pwned = tmp_path / "pwned"
    config = f'[core]\nrepositoryformatversion = 0\nfsmonitor = "touch {pwned}; false"\n'
    git_files = {}
    for path in (newer.directory / ".git").rglob("*"):
        if path.is_file():
            name = path.relative_to(newer.directory)
            git_files[f"template/{name}"] = config if path.name == "config" else path.read_bytes()
    new = zipped(newer, tmp_path / "new.zip", **git_files)
    update(project, "--template", str(new), "--from", str(old))
    assert not pwned.exists()


def test_zip_bomb_is_refused(
    newer: Template, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr("vendor_fetch.template_update.checkout.LARGEST", 1_000_000)
    bomb = zipped(newer, tmp_path / "bomb.zip", **{"template/zeros": "0" * 2_000_000})
    assert update(project, "--template", str(bomb), "--from", str(bomb)) == 1
    assert "can't be unpacked" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address",
    ["ftp://anna:s3cr3t@git.example.org/t.git", "HTTPS://anna:s3cr3t@git.example.org/t.git",
     "https://anna:s3cr3t@127.0.0.1:9/t.zip", "https://anna:s3cr3t@127.0.0.1:9/t.git",
     "git+HTTPS://anna:s3cr3t@127.0.0.1:9/t.git"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["template-update", "self-upgrade"])
def test_password_of_a_recorded_address_is_not_printed(
    newer: Template, project: Path, address: str, command: str, capsys: Output
) -> None:
    file = project / ".template.json"
    content = json.loads(file.read_text())
    content["template"]["address"] = address
    file.write_text(json.dumps(content))
    commit(project, "Another address")
    assert vendor(project, command) in (1, 2)
    output = capsys.readouterr()
    assert "s3cr3t" not in output.err + output.out
    assert "Traceback" not in output.err


def test_sparse_checkout_is_updated_or_stays_as_it_is(
    template: Template, project: Path, capsys: Output
) -> None:
    git(project, "sparse-checkout", "set", "--no-cone", "/*", "!/templates/", "!/site/migrations/")
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.write("site/migrations/0001_initial.py", "# two\n")
    template.write("templates/base.html", "<h1>new</h1>\n")
    template.release("v2")
    assert update(project) == 0
    assert "line three" in (project / "site/views.py").read_text()
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "show", "HEAD:templates/index.html")
    assert git(project, "show", "HEAD:site/migrations/0001_initial.py") == "# one\n"


def test_linked_work_tree_and_submodule(template: Template, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    commit(other, "One")
    git(
        project,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(other),
        "lib",
    )
    commit(project, "Submodule")
    linked = tmp_path / "linked"
    git(project, "worktree", "add", "-q", str(linked))
    template.edit("site/views.py", "line 3\n", "line three\n")
    template.release("v2")
    before = files(project)
    assert update(linked) == 0
    assert "line three" in (linked / "site/views.py").read_text()
    assert files(project) == before
    assert update(project) == 0
    assert git(project, "status", "--porcelain") == ""
    assert len(git(project, "worktree", "list").splitlines()) == 2


@pytest.mark.parametrize(
    "name", [".git/config", ".git/hooks/post-checkout", "sub/.git/config", ".GIT/config"]
)
def test_template_has_no_file_of_git(
    newer: Template, project: Path, tmp_path: Path, name: str, capsys: Output
) -> None:
    old = zipped(newer, tmp_path / "old.zip")
    inside = f"template/<<cookiecutter.project_slug>>/{name}"
    new = zipped(newer, tmp_path / "new.zip", **{inside: "[core]\nfsmonitor = false\n"})
    before = (project / ".git/config").read_bytes()
    assert update(project, "--template", str(new), "--from", str(old)) == 0
    assert (project / ".git/config").read_bytes() == before
    assert not [path for path in files(project) if ".git" in Path(path.casefold()).parts]
    assert not (project / ".git/hooks/post-checkout").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_escapes_of_a_record_are_not_printed(
    newer: Template, project: Path, capsys: Output
) -> None:
    file = project / ".template.json"
    content = json.loads(file.read_text())
    content["files"]["\x1b]0;x\x07evil\n  next: rm -rf /"] = "0"
    file.write_text(json.dumps(content))
    commit(project, "Another file")
    assert update(project) == 1
    error = capsys.readouterr().err
    assert "\x1b" not in error
    assert "\n  next: rm" not in error


@pytest.mark.parametrize("has_own_file", [True, False])
def test_directory_that_becomes_a_file_loses_no_ignored_file(
    template: Template, project: Path, has_own_file: bool, capsys: Output
) -> None:
    template.write("assets/logo.svg", "<svg/>\n")
    template.release("v1.1")
    assert update(project) == 0
    with (project / ".gitignore").open("a") as ignored:
        ignored.write("/assets/own\n")
    commit(project, "Ignore")
    if has_own_file:
        (project / "assets/own").write_text("mine\n")
    git(template.directory, "rm", "-rq", f"{template.files.name}/assets")
    template.write("assets", "a file\n")
    template.release("v2")
    status = update(project)
    assert "Traceback" not in capsys.readouterr().err
    if has_own_file:
        assert status == 1
        assert (project / "assets/own").read_text() == "mine\n"
    else:
        assert status == 0
        assert (project / "assets").read_text() == "a file\n"


@pytest.mark.parametrize(
    "answers",
    [{}, {"project_slug": 5}, {"database": ["sqlite"]}, {"domain": None}, {"email": 3.5},
     {"python_version": {"a": 1}}, {"database": "\x1b[31m"}, {"author": "\ud800"}],
)  # fmt: skip
def test_odd_answers_of_a_record_are_named(
    newer: Template, project: Path, answers: dict[str, Any], capsys: Output
) -> None:
    file = project / ".template.json"
    content = json.loads(file.read_text())
    content["answers"] = {**content["answers"], **answers} if answers else {}
    file.write_text(json.dumps(content))
    commit(project, "Odd answers")
    before = files(project)
    status = update(project)  # 0 if the answer is in none of the files
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "unexpected" not in error
    assert "\x1b" not in error
    assert status == 0 or files(project) == before


def test_complete_update_without_answers_is_named(
    newer: Template, project: Path, capsys: Output
) -> None:
    file = project / ".template.json"
    content = json.loads(file.read_text())
    content["answers"], content["template"]["version"] = {}, "v2"
    content["files"] = {}
    file.write_text(json.dumps(content))
    commit(project, "No answers")
    assert update(project) in (0, 1, 2)
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert "unexpected" not in error
