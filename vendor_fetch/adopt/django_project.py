"""Find what a Django project calls its parts, by reading its files. No code of it runs."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.repository import is_ignored
from vendor_fetch.adopt.settings_module import SettingsModule, module_file, parsed, read_settings

_SKIPPED = {"node_modules", "ve", "venv", "env", "site-packages", "static", "media", "tests"}
_MODULE = r"[A-Za-z_][\w.]*"
_SETTINGS = re.compile(
    r"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=|,\s*default\s*=)\s*"""
    rf"""["']({_MODULE})["']"""
)
_PYTHON = re.compile(r"(?:python-|cpython-)?(\d+\.\d+)(?:\.\d+)?\s*")
_PRODUCTION = ("production", "prod", "live")
_CALLABLE = "application"


@dataclass(frozen=True, kw_only=True)
class DjangoProject:
    """The parts of a Django project in the directory `root`.

    `manage` is the path of manage.py from there. `settings` is the module that manage.py names, and
    `production` the one of the server; `assigned` is what the latter assigns. `wsgi` is a module with
    the object `callable`. Modules are empty if they are not found. `python` is the version that the
    project names, or empty.
    """

    root: Path
    manage: Path
    settings: str = ""
    production: str = ""
    wsgi: str = ""
    callable: str = _CALLABLE
    python: str = ""
    assigned: SettingsModule = field(default_factory=SettingsModule)

    @property
    def base(self) -> Path:
        """The directory of manage.py, where Python finds the project's modules."""
        return self.root / self.manage.parent

    def text(self, name: str) -> str | None:
        """Return the text or the path that a setting has; None if only a run would know."""
        return text_of(self.assigned.values.get(name), self.assigned.values)


def find_project(root: Path, production: str = "") -> DjangoProject:
    """Return the Django project in a directory. Raise InputError if it has none, or several.

    `production` is the settings module of the server; otherwise it is looked for.
    """
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
    named = _first(_SETTINGS, wsgi_files[0]) if wsgi_files else ""
    production = production or _production(base, settings) or named or settings
    assigned = read_settings(base, production, lambda path: is_ignored(root, path))
    application = text_of(assigned.values.get("WSGI_APPLICATION"), assigned.values) or ""
    wsgi, _, name = application.rpartition(".")
    if not module_file(base, wsgi).is_file() or not wsgi:
        wsgi = ".".join(wsgi_files[0].relative_to(base).with_suffix("").parts) if wsgi_files else ""
        name = _callable(wsgi_files[0]) if wsgi_files else _CALLABLE
    return DjangoProject(
        root=root,
        manage=manage.relative_to(root),
        settings=settings,
        production=production,
        wsgi=wsgi,
        callable=name,
        python=_python(root),
        assigned=assigned,
    )


def _production(base: Path, settings: str) -> str:
    """Return the settings module of the server that is beside or below another one, or nothing."""
    package, _, last = settings.rpartition(".")
    if module_file(base, settings).name == "__init__.py":
        package, last = settings, ""
    names = [*_PRODUCTION, *(f"{last}_{each}" for each in _PRODUCTION if last)]
    names += [f"{each}_{last}" for each in _PRODUCTION if last]
    modules = [f"{package}.{name}".removeprefix(".") for name in names]
    return next((each for each in modules if _has_settings(module_file(base, each))), "")


def _has_settings(file: Path) -> bool:
    """Return whether a module looks like settings: it imports others, or assigns some."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(re.search(r"^(from .* import|[A-Z][A-Z_]+\s*(: .*)?\+?=)", text, re.MULTILINE))


def _callable(file: Path) -> str:
    """Return the name of the WSGI application in a module."""
    tree = parsed(file)
    if not tree:
        return _CALLABLE
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in tree.body:
        if _CALLABLE not in named and isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Name) and "get_wsgi_application" in ast.unparse(node.value):
                return target.id
    return _CALLABLE


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
