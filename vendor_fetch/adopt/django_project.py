"""Find what a Django project calls its parts, by reading its files. No code of it runs."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing

_SKIPPED = {"node_modules", "ve", "venv", "env", "site-packages", "static", "media", "tests"}
_MODULE = r"[A-Za-z_][\w.]*"
_SETTINGS = re.compile(
    r"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=|,\s*default\s*=)\s*"""
    rf"""["']({_MODULE})["']"""
)
_PYTHON = re.compile(r"(?:python-|cpython-)?(\d+\.\d+)(?:\.\d+)?\s*")
# The settings that a deployment needs to know.
SETTINGS = (
    "STATIC_ROOT",
    "STATIC_URL",
    "MEDIA_ROOT",
    "MEDIA_URL",
    "ALLOWED_HOSTS",
    "WSGI_APPLICATION",
)


@dataclass(frozen=True, kw_only=True)
class DjangoProject:
    """The parts of a Django project in the directory `root`.

    `manage` is the path of manage.py from there. `settings` and `wsgi` are modules; empty if they
    are not found. `values` has what the settings module and those that it imports assign, as Python
    writes it. `python` is the version that the project names, or empty.
    """

    root: Path
    manage: Path
    settings: str = ""
    wsgi: str = ""
    python: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def find_project(root: Path) -> DjangoProject:
    """Return the Django project in a directory. Raise InputError if it has none, or several."""
    found = sorted(_files(root, "manage.py"), key=lambda path: (len(path.parts), str(path)))
    if not found:
        raise InputError(
            str(root), "it has no manage.py", f"ls {existing(root)}  # cd to the Django project"
        )
    nearest = [path for path in found if len(path.parts) == len(found[0].parts)]
    if nearest[1:]:
        names = ", ".join(str(path.parent.relative_to(root)) for path in nearest)
        raise InputError(
            str(root),
            f"it has several Django projects: {names}",
            f"cd {existing(nearest[0].parent)}  # adopt them one by one",
        )
    manage = nearest[0]
    base = manage.parent
    settings = _first(_SETTINGS, manage)
    wsgi_files = sorted(_files(base, "wsgi.py"), key=lambda path: (len(path.parts), str(path)))
    values = _assigned(base, settings) if settings else {}
    wsgi = _literal(values.get("WSGI_APPLICATION", "")).removesuffix(".application")
    if not wsgi and wsgi_files:
        wsgi = ".".join(wsgi_files[0].relative_to(base).with_suffix("").parts)
    return DjangoProject(
        root=root,
        manage=manage.relative_to(root),
        settings=settings,
        wsgi=wsgi,
        python=_python(root),
        values=values,
    )


def _files(root: Path, name: str) -> Iterator[Path]:
    """Yield the files of a name, at most three directories deep."""
    for depth in range(3):
        for path in root.glob("*/" * depth + name):
            folders = path.relative_to(root).parts[:-1]
            if not any(each in _SKIPPED or each.startswith(".") for each in folders):
                yield path


def _first(pattern: re.Pattern[str], path: Path) -> str:
    try:
        match = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return match[1] if match else ""


def _assigned(base: Path, module: str, seen: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return what a settings module assigns, after what it imports by `from … import *`."""
    path = base.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    package = module if path.is_dir() else module.rpartition(".")[0]
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return {}
    values: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names):
            imported = _absolute(package, node.module or "", node.level)
            if imported not in seen:
                values |= _assigned(base, imported, seen | {module})
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id in SETTINGS:
                    values[target.id] = ast.unparse(node.value)
    return values


def _absolute(package: str, module: str, level: int) -> str:
    """Return the absolute name of a module that `from ..module import *` names."""
    if not level:
        return module
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def _literal(text: str) -> str:
    """Return the text that a Python expression is; empty if it is another expression."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return ""
    return value if isinstance(value, str) else ""


def _python(root: Path) -> str:
    """Return the Python version in .python-version, runtime.txt, .tool-versions or a Pipfile."""
    patterns = {
        ".python-version": _PYTHON,
        "runtime.txt": _PYTHON,
        ".tool-versions": re.compile(r"^python\s+(\d+\.\d+)", re.MULTILINE),
        "Pipfile": re.compile(r'^python_(?:full_)?version\s*=\s*"(\d+\.\d+)', re.MULTILINE),
    }
    for name, pattern in patterns.items():
        if version := _first(pattern, root / name):
            return version
    return ""
