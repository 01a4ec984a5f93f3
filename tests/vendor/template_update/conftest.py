"""A small template in a repository of its own, and a project that was generated from it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.index import Index
from tests.support.small_template import ROOT, small_template
from tests.vendor.conftest import vendor

GIT = ("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def git(directory: Path, *words: str, check: bool = True) -> str:
    """Run git as a user would, and return what it prints."""
    run = subprocess.run(
        [*GIT, "-C", str(directory), *words], capture_output=True, text=True, check=False
    )
    assert not check or run.returncode == 0, run.stderr
    return run.stdout


def commit(directory: Path, message: str, tag: str = "") -> None:
    git(directory, "add", "--all")
    git(directory, "commit", "-q", "--allow-empty", "-m", message)
    if tag:
        git(directory, "tag", tag)


class Template:
    """A template in the git repository `directory`; its versions are tags."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.files = directory / ROOT

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the generated projects."""
        file = self.files / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.files / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def release(self, tag: str) -> None:
        """Commit and tag a version, which has its own number in setup.cfg."""
        setup = self.directory / "setup.cfg"
        lines = setup.read_text().splitlines(keepends=True)
        setup.unlink()  # it was a link to the repository's
        version = f"version = {tag.removeprefix('v')}\n"
        setup.write_text(
            "".join(version if line.startswith("version = ") else line for line in lines)
        )
        commit(self.directory, tag, tag)

    def generate(self, out: Path, *words: str) -> Path:
        """Generate a project, as a user does with cookiecutter."""
        run = subprocess.run(
            [
                *(sys.executable, "-m", "cookiecutter", "--no-input", "-o", str(out)),
                *(str(self.directory), *words),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        [project] = (path for path in out.iterdir() if path.is_dir())
        return project


VIEWS = "".join(f"line {number}\n" for number in range(1, 21))


@pytest.fixture
def template(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Template:
    """Version v1 of a template."""
    for name, value in (("NAME", "Ann"), ("EMAIL", "ann@example.org")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    made = Template(small_template(tmp_path / "template", index))
    made.write(".gitignore", "/.env\n/ve/\n/.ve.*\n/requirements/.vendoring/\n/local.py\n")
    made.write("site/views.py", VIEWS)
    made.write("site/models.py", VIEWS.replace("line", "model"))
    made.write("site/migrations/0001_initial.py", "# one\n")
    made.write("templates/base.html", "<h1>{{ title }}</h1>\n")
    made.write("templates/index.html", "<p>{{ text }}</p>\n")
    made.write("logo.ico", bytes(range(256)))
    made.write("README.md", "# << cookiecutter.project_slug >>\n\n<< cookiecutter.description >>\n")
    (made.directory / "template.toml").write_text(
        '[files]\nyours = [".env", "requirements/apps.in", "*/migrations/*"]\n'
        'pages = ["templates/*"]\n'
        'generated = ["requirements/apps.txt", "requirements/tools.txt", "requirements/src/*"]\n'
    )
    git(made.directory, "init", "-q", "-b", "main")
    made.release("v1")
    return made


@pytest.fixture
def project(template: Template, tmp_path: Path) -> Path:
    """A project of version v1, in a repository of its own."""
    made = template.generate(tmp_path / "out")
    git(made, "init", "-q", "-b", "main")
    commit(made, "Add the site")
    return made


Files = dict[str, tuple[bool, bytes]]


def files(project: Path, *ignored: str) -> Files:
    """All files but git's and .env: whether they can be run, and their content."""
    return {
        str(path.relative_to(project)): (bool(path.stat().st_mode & 0o100), path.read_bytes())
        for path in sorted(project.rglob("*"))
        if path.is_file()
        and path.relative_to(project).parts[0] != ".git"
        and str(path.relative_to(project)) not in (".env", *ignored)
    }


@pytest.fixture
def fresh(template: Template, tmp_path: Path) -> Callable[..., Files]:
    """`fresh()` returns the files of a new project of the template as it is now."""
    numbers = iter(range(100))

    def generate(*words: str) -> Files:
        return files(template.generate(tmp_path / f"fresh{next(numbers)}", *words))

    return generate


def update(project: Path, *words: str) -> int:
    return vendor(project, "template-update", *words)


def stages(project: Path) -> dict[str, str]:
    """The stages of unmerged files in the index, by path."""
    found: dict[str, str] = {}
    for line in git(project, "ls-files", "--unmerged").splitlines():
        information, path = line.split("\t")
        found[path] = found.get(path, "") + information.split()[2]
    return found
