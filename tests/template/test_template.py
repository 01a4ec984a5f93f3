"""The files of generated projects, for all kinds of answers."""

import ast
import re
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from tests.conftest import bootstrap
from tests.support import apache
from tests.support.rendering import render

ODD_NAMES = {
    "quotes": """The "best" o' sites' 'n' more""",
    "triple-quotes": '''a """ b \'\'\' c''',
    "ampersand-and-tags": "R&D <b>bold</b> &amp; </title>",
    "accents": "Élèves & Écoles – Łódź",
    "cjk": "东京の図書館 서울",
    "emoji": "Fish 🐟 & Family 👨‍👩‍👧",
    "backslashes": "C:\\new\\table\\",
    "template-code": "{{ 7 * 7 }} {% now %} {# gone #} ${HOME} %(x)s %{x}",
    "our-delimiters": "a << b >> c <% d %> <# e #>",
    "percent-and-hash": "100% #1 ; rm -rf `pwd` $(pwd)",
}
MATRIX = [
    {"database": database, "vendor_format": vendor_format, "python_version": python_version}
    for database, vendor_format, python_version in product(
        ["postgresql", "sqlite"], ["wheel", "tarball"], ["3.11", "3.12", "3.13", "3.14"]
    )
]
PROJECTS = [
    *(pytest.param(answers, id="-".join(answers.values())) for answers in MATRIX),
    *(
        pytest.param(
            {"project_name": name, "description": name, "author": name, "project_slug": "odd"},
            id=case,
        )
        for case, name in ODD_NAMES.items()
    ),
    pytest.param({"domain": "intranet", "project_slug": "a__b_"}, id="plain-host-odd-slug"),
]


@pytest.fixture(scope="module", params=PROJECTS)
def rendered(request, tmp_path_factory) -> tuple[dict[str, str], Path]:
    """Return the answers, and the project rendered from them."""
    return request.param, render(tmp_path_factory.mktemp("rendered"), **request.param)


@pytest.fixture(scope="module")
def project(rendered) -> Path:
    return rendered[1]


def text_files(project: Path) -> list[Path]:
    """Return every file of a project that holds text."""
    return [
        path
        for path in project.rglob("*")
        if path.is_file() and path.suffix not in {".ico", ".whl"}
    ]


def constant(path: Path, name: str) -> str:
    """Return the value that a Python file assigns to a name."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{path} does not assign {name}")


class StrictParser(HTMLParser):
    """Check that every element that is opened is closed, in order."""

    VOID = {"meta", "link", "img", "br", "hr", "input"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute of <{tag}> is there twice"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"


def test_python_files_compile(project):
    files = [*project.rglob("*.py"), project / "apache" / "django.wsgi"]
    assert len(files) > 25
    for path in files:
        compile(path.read_text("utf-8"), path, "exec")


def test_pages_are_well_formed(project):
    pages = list(project.rglob("*.html"))
    assert pages
    for path in pages:
        parser = StrictParser()
        # What Django fills in is text or an attribute, never an element.
        parser.feed(re.sub(r"{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.DOTALL))
        parser.close()
        assert parser.open == [], path


def test_names_are_kept_exactly(rendered):
    answers, project = rendered
    metadata = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    if "description" in answers:
        assert metadata["description"] == answers["description"]
        assert metadata["authors"][0]["name"] == answers["author"]
        settings = project / "odd" / "settings" / "base.py"
        assert constant(settings, "PROJECT_NAME") == answers["project_name"]
        assert constant(settings, "PROJECT_DESCRIPTION") == answers["description"]
        assert constant(settings, "PROJECT_AUTHOR") == answers["author"]


def test_python_version_is_the_chosen_one(rendered):
    answers, project = rendered
    metadata = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
    assert metadata["requires-python"] == f"=={answers.get('python_version', '3.11')}.*"


def test_no_template_syntax_is_left(rendered):
    answers, project = rendered
    ours = re.compile(r"<<|>>|<%|%>|<#|#>|cookiecutter")
    # Recipes are copied as they are, and a shell has its own use for "<<".
    rendered_files = set(text_files(project)) - set((project / "deploy" / "recipes").iterdir())
    for path in rendered_files:
        text = path.read_text("utf-8")
        for answer in answers.values():
            quoted = answer.replace("\\", "\\\\").replace('"', '\\"')
            text = text.replace(quoted, "").replace(answer, "")
        assert not ours.search(text), path


def test_files_have_no_stray_white_space(project):
    for path in text_files(project):
        text = path.read_text("utf-8")
        if text:
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path
        for number, line in enumerate(text.split("\n"), 1):
            assert line == line.rstrip(), f"{path}:{number}"


def test_programs_are_executable(project):
    assert (project / "manage.py").read_text().splitlines()[0] == "#!ve/bin/python"
    for path in text_files(project):
        program = path.name in {"manage.py", "bootstrap.py", "reload"}
        assert bool(path.stat().st_mode & 0o111) == program


def test_requirements_match_the_answers(rendered):
    answers, project = rendered
    lines = (project / "requirements" / "apps.in").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert "Django>=5.2,<5.3" in wanted
    psycopg = [line for line in wanted if line.startswith("psycopg")]
    expected = {
        ("postgresql", "wheel"): ["psycopg[binary]>=3.2,<4"],
        ("postgresql", "tarball"): ["psycopg>=3.2,<4"],
    }
    chosen = (answers.get("database", "postgresql"), answers.get("vendor_format", "wheel"))
    assert psycopg == expected.get(chosen, [])


def test_ruff_check_and_format_pass(rendered):
    answers, project = rendered
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--no-cache", "."], cwd=project, check=True)
    # A formatter prefers other quotes where the name holds some.
    if not any(mark in answers.get("project_name", "") for mark in "\"'\\"):
        subprocess.run([*ruff, "format", "--check", "--no-cache", "."], cwd=project, check=True)


@pytest.mark.needs(apache.APACHE)
def test_apache_accepts_the_configuration(project, tmp_path):
    configurations = sorted((project / "apache").glob("*.conf"))
    assert len(configurations) == 2
    assert apache.check(tmp_path, configurations) == "Syntax OK"


def test_virtual_hosts_have_the_domain(rendered):
    answers, project = rendered
    domain = answers.get("domain", f"{project.name.replace('_', '-')}.example.org")
    for place, host in [("production", domain), ("staging", f"staging.{domain}")]:
        lines = (project / "apache" / f"{place}.conf").read_text("utf-8").splitlines()
        assert "<VirtualHost *:80>" in lines
        assert f"    ServerName {host}" in lines


def test_make_lists_all_tasks(project):
    makefile = (project / "Makefile").read_text()
    tasks = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    run = subprocess.run(["make"], cwd=project, capture_output=True, text=True, check=True)
    assert {line.split()[1] for line in run.stdout.splitlines()} == tasks


def test_make_never_replaces_the_secret_key(tmp_path):
    project = render(tmp_path)
    make = ["make", "--silent", ".env"]
    subprocess.run(make, cwd=project, check=True)
    text = (project / ".env").read_text()
    assert re.search(r"^SECRET_KEY=[\w-]{50,}$", text, re.MULTILINE)
    assert (project / ".env").stat().st_mode & 0o777 == 0o600
    subprocess.run(make, cwd=project, check=True)
    assert (project / ".env").read_text() == text


def test_git_ignores_secrets_and_data(tmp_path):
    project = render(tmp_path)
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    for name in [".env", "data/db.sqlite3", "media/upload.png", "static/site.css", "ve/pyvenv.cfg"]:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).touch()
    status = ["git", "status", "--porcelain", "--untracked-files=all"]
    run = subprocess.run(status, cwd=project, capture_output=True, text=True, check=True)
    seen = {line[3:] for line in run.stdout.splitlines()}
    assert {"data/.gitkeep", "media/.gitkeep", ".env.example"} <= seen
    for ignored in (".env", "data/db.sqlite3", "media/upload.png", "static/site.css"):
        assert ignored not in seen
    assert not any(name.startswith("ve/") for name in seen)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_generated_project_passes_its_own_checks(generate, database):
    project = generate(project_name=ODD_NAMES["quotes"], project_slug="odd", database=database)
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    for task in ("test", "check", "lint"):
        run = subprocess.run(
            ["make", task], cwd=project, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
