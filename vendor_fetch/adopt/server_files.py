"""Plan apache/ and deploy/ of an adopted project, from the template's files and its own ones."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from bootstrapper.plain_text import single_line
from vendor_fetch.adopt import repository
from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.file_edit import FileEdit
from vendor_fetch.adopt.rendering import Render
from vendor_fetch.adopt.shared_paths import ENV_FILE
from vendor_fetch.adopt.site import Answers

# Each file, and what it is rendered from.
_SOURCES = {
    "apache/production.conf": "apache/production.conf",
    "apache/django.wsgi": "adopted/django.wsgi",
    "apache/reload": "apache/reload",
    "deploy/deployments.toml": "adopted/deployments.toml",
}
_TEST_SETTINGS = ("test", "testing", "tests", "ci")
_TEST_ENV_FILES = (".env.test", ".env.ci", ".env.testing", ".env.example", ".env.sample")
# The file that startapp writes has no test in it.
_TEST = re.compile(r"^\s*(async )?def test|>>> ", re.MULTILINE)
# Nothing in it has a meaning to Apache.
_DIRECTORY = re.compile(r"[\w./-]+", re.ASCII)
_SKIPPED = {"ve", "venv", "env", "node_modules", "site-packages"}


def server_files(
    project: DjangoProject, answers: Answers, render: Render
) -> tuple[dict[PurePosixPath, FileEdit], list[str]]:
    """Return the new files by their paths, and a line for each one that the project has already."""
    values = server_values(project, answers)
    edits, kept = {}, []
    for name, source in _SOURCES.items():
        path = PurePosixPath(name)
        if blocking := _blocking(project.root, path):
            kept.append(f"kept: {blocking} is there")
            continue
        edits[path] = FileEdit(content=render(source, values), executable=name == "apache/reload")
    return edits, kept


def server_values(project: DjangoProject, answers: Answers) -> dict[str, object]:
    """Return the variables of the files."""
    value = {name: found.value for name, found in answers.items()}
    manage_directory = "" if project.base == project.root else str(project.manage.parent)
    wsgi, _, application = value["wsgi"].partition(":")
    shared = value["shared_paths"].split()
    assigned = project.assigned
    static = value["static_root"]
    return {
        "cookiecutter": {
            "project_name": value["name"],
            "project_slug": value["name"],
            **{key: value[key] for key in ("domain", "email", "server_root", "deploy_user")},
        },
        "adopted": True,
        "guide": "deploy/deployments.toml",
        "announcer": "django.wsgi",
        "directory": f"{value['server_root']}/{value['name']}",
        "source": ", ".join(_source(project, path) for path in project.paths),
        "home": manage_directory if _DIRECTORY.fullmatch(manage_directory) else "",
        "release_source": repository.directory(project.root),
        "manage_directory": manage_directory,
        "static": _served(value["static_url"], static),
        "media": _served(value["media_url"] if value["media_root"] else "", value["media_root"]),
        "static_directory": "" if static == "static" or static.startswith("/") else static,
        "settings": value["settings"],
        "wsgi": wsgi,
        "callable": application or "application",
        "repository": value["repository"],
        "branch": value["branch"],
        "remote_host": value["remote_host"],
        "shared_paths": " ".join(shared),
        "env_file": ENV_FILE in shared,
        "secret_key": next((each.name for each in assigned.variables_of("SECRET_KEY")), ""),
        "variables": list(variables(project)),
        "has_tests": has_tests(project.root),
        "test_settings": _test_settings(project, value["settings"]),
        "test_env_file": _test_env_file(project),
        "redirects": _redirects(project),
    }


def variables(project: DjangoProject) -> Iterator[dict[str, object]]:
    """Yield the variables that the settings read of the environment, those without a default first."""
    found = project.assigned.variables.values()
    for each in sorted(found, key=lambda each: (not each.required, each.name)):
        place = single_line(f"{each.file.relative_to(project.root)}:{each.line}")
        yield {"name": each.name, "place": place, "required": each.required}


def has_tests(root: Path) -> bool:
    """Return whether a project has tests that unit-tests.sh can run."""
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).parts
        if any(part in _SKIPPED or part.startswith(".") for part in parts):
            continue
        if not path.is_file():  # a link that leads nowhere, or a pipe
            continue
        named = path.name.startswith("test") or path.name.endswith("_test.py")
        if (named or {"test", "tests"} & {*parts[:-1]}) and _TEST.search(
            path.read_text(encoding="utf-8", errors="replace")
        ):
            return True
    return False


def _source(project: DjangoProject, path: Path) -> str:
    """Return a directory of modules as an expression of Python."""
    if path == project.root:
        return "RELEASE"
    return f"RELEASE + {_python_text(f'/{path.relative_to(project.root)}')}"


def _python_text(text: str) -> str:
    """Return a text as a literal of Python, also if it has quotes or line breaks."""
    return json.dumps(text, ensure_ascii=False)


def _served(url: str, directory: str) -> Mapping[str, object]:
    return {"url": url, "directory": directory, "outside": directory.startswith("/")}


def _blocking(root: Path, path: PurePosixPath) -> str:
    """Return the file or link of the project that is in the way of a new file, or nothing."""
    parent = root / path.parts[0]
    if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
        return path.parts[0]
    file = root / path
    return str(path) if file.is_symlink() or file.exists() else ""


def _test_settings(project: DjangoProject, production: str) -> str:
    """Return the settings module of the tests; nothing if it is the one of the server."""
    package = project.settings.rpartition(".")[0]
    for name in _TEST_SETTINGS:
        module = f"{package}.{name}".removeprefix(".")
        file = project.module_file(module)
        if package.endswith("settings") and file.is_file() and file.name != "__init__.py":
            return module
    return project.settings if project.settings != production else ""


def _test_env_file(project: DjangoProject) -> str:
    if not any(each.required for each in project.assigned.variables.values()):
        return ""
    return next((name for name in _TEST_ENV_FILES if (project.root / name).is_file()), "")


def _redirects(project: DjangoProject) -> bool:
    assigned = project.assigned.values.get("SECURE_SSL_REDIRECT")
    return assigned is not None and ast.unparse(assigned.value) != "False"
