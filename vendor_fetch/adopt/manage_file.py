"""Find manage.py, and read which settings and which directories of modules it names."""

import ast
import os.path
import re
from collections.abc import Iterator
from pathlib import Path

from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.quoting import quoted
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.source_code import Assigned, parsed
from vendor_fetch.adopt.variables import PRODUCTION
from vendor_fetch.program import retry_command

_SKIPPED = {"node_modules", "ve", "venv", "env", "site-packages", "static", "media", "tests"}
# Directories of projects that only show something.
_SHOWING = re.compile(r"(example|demo|sandbox|sample|docs?$|test|template|cookiecutter)")
_DEPTH = 4
_MODULE = r"[A-Za-z_][\w.]*"
_NAMED = re.compile(
    r"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=|,\s*default\s*=)\s*"""
    rf"""["']({_MODULE})["']""",
)
# f"config.settings.{env}", and others that work the last name out.
_PACKAGE = re.compile(
    r"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*f?["']((?:[A-Za-z_]\w*\.)+)(?:\{|%s|["'])"""
)
_LAST = (*PRODUCTION, "local", "development", "dev", "base")
# Before Django 1.4: `import settings` and `execute_manager(settings)`.
_IMPORTED = (
    re.compile(r"^\s*import ((?:\w+\.)*\w*settings\w*)\b", re.MULTILINE),
    re.compile(r"^\s*from ((?!django\.)[\w.]+) import (\w*settings\w*)\b", re.MULTILINE),
)
_CONFIGURATION = re.compile(
    r"""DJANGO_CONFIGURATION["']\s*(?:,|\]\s*=|,\s*default\s*=)\s*["'](\w+)["']"""
)
_MANAGE = (
    "import os, sys",
    "from django.core.management import execute_from_command_line",
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "SETTINGS")',
    "execute_from_command_line(sys.argv)",
)
_OF_TESTS = re.compile(r"(^|[._])(unit_?)?(test|tests|testing)([._]|$)")


def find_manage(root: Path) -> Path:
    """Return the manage.py of the project in a directory. Raise InputError for none, or several."""
    found = sorted(files_named(root, "manage.py"), key=_rank)
    found = [path for path in found if not _is_shown(path, root)] or found
    if not found:
        raise _without_manage(root)
    nearest = [path for path in found if len(path.parts) == len(found[0].parts)]
    if nearest[1:]:
        names = ", ".join(str(path.parent.relative_to(root)) for path in nearest)
        raise InputError(
            str(root),
            f"it has several Django projects: {names}",
            f"cd {existing(nearest[0].parent)}  # adopt them one by one",
        )
    return nearest[0]


def files_named(root: Path, name: str) -> Iterator[Path]:
    """Yield the files of a name, at most three directories deep."""
    for depth in range(_DEPTH):
        for path in root.glob("*/" * depth + name):
            folders = path.relative_to(root).parts[:-1]
            if not any(each in _SKIPPED or each.startswith((".", "{{")) for each in folders):
                yield path


def named_settings(file: Path) -> list[str]:
    """Return the settings modules that manage.py or wsgi.py names: those of tests come last."""
    text = _code(file)
    names = [match[1] for match in _NAMED.finditer(text)]
    names += [match[1] for match in _IMPORTED[0].finditer(text)]
    names += [".".join(match.groups()) for match in _IMPORTED[1].finditer(text)]
    names += [f"{match[1]}{last}" for match in _PACKAGE.finditer(text) for last in _LAST]
    names = [name.removeprefix(".") for name in dict.fromkeys(names)]
    return sorted(names, key=lambda name: _OF_TESTS.search(name) is not None)


def named_configuration(file: Path) -> str:
    """Return the class of django-configurations that manage.py or wsgi.py names, or nothing."""
    match = _CONFIGURATION.search(_code(file))
    return match[1] if match else ""


def guessed_settings(base: Path) -> str:
    """Return the settings module of a project whose manage.py works its name out."""
    files = [*base.glob("settings.py"), *sorted(base.glob("*/settings.py"))]
    files += sorted(base.glob("*/settings/__init__.py"))
    for file in files:
        if has_settings(file):
            path = file.parent if file.name == "__init__.py" else file.with_suffix("")
            return ".".join(path.relative_to(base).parts)
    return ""


def has_settings(file: Path) -> bool:
    """Return whether a module looks like settings: it imports others, or assigns some."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(re.search(r"^(from .* import|[A-Z][A-Z_]+\s*(: .*)?\+?=)", text, re.MULTILINE))


def forced_settings(file: Path) -> tuple[int, str] | None:
    """Return the line and the settings module that a file sets, whatever the environment says."""
    tree = parsed(file)
    bodies: list[list[ast.stmt]] = [tree.body] if tree else []
    while bodies:
        for node in bodies.pop():
            match node:
                case ast.Assign(
                    targets=[ast.Subscript(slice=ast.Constant(value="DJANGO_SETTINGS_MODULE"))],
                    value=value,
                ):
                    text = text_of(Assigned(file=file, line=node.lineno, value=value), {})
                    return (node.lineno, text) if text else None
                case ast.If(test=ast.Compare(left=ast.Name(id="__name__")), body=body):
                    bodies.append(body)
                case ast.FunctionDef(body=body) | ast.Try(body=body):
                    bodies.append(body)
    return None


def module_paths(manage: Path, root: Path) -> tuple[Path, ...]:
    """Return the directories of the project's modules: that of manage.py, and those that it adds."""
    base, tree = manage.parent, parsed(manage)
    names = {
        node.targets[0].id: Assigned(file=manage, line=node.lineno, value=node.value)
        for node in (ast.walk(tree) if tree else ())
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    found = {base: None}
    for value in _added(tree) if tree else ():
        text = text_of(Assigned(file=manage, line=0, value=value), names)
        if not text:
            continue
        path = Path(os.path.normpath(base / text))
        if path.is_relative_to(root) and path.is_dir():
            found[path] = None
    return tuple(found)


def _added(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the expressions of the directories that manage.py adds to sys.path."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="sys"), attr="path"),
                    attr="append" | "insert",
                ),
                args=[*_, path],
            ):
                yield path
            case ast.Call(func=ast.Attribute(attr="addsitedir"), args=[path, *_]):
                yield path
            case (
                ast.AugAssign(target=target, value=ast.List(elts=paths))
                | ast.Assign(targets=[ast.Subscript(value=target)], value=ast.List(elts=paths))
            ) if ast.unparse(target) == "sys.path":
                yield from paths


def _code(file: Path) -> str:
    """Return the text of a module without the lines that are comments; empty if it can't be read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def _rank(path: Path) -> tuple[int, str]:
    return len(path.parts), str(path)


def _is_shown(path: Path, root: Path) -> bool:
    """Return whether a manage.py is in a directory of examples."""
    return any(_SHOWING.search(each.lower()) for each in path.relative_to(root).parts[:-1])


def _without_manage(root: Path) -> InputError:
    """Return the error for a project without manage.py, with what can take its place."""
    for path in sorted([*root.glob("*.py"), *root.glob("*/*.py")], key=_rank):
        folders = path.relative_to(root).parts[:-1]
        if any(each in _SKIPPED or each.startswith(".") for each in folders) or _is_shown(
            path, root
        ):
            continue
        if path.is_file() and "execute_from_command_line" in _code(path):
            name, settings = path.relative_to(root), guessed_settings(root)
            if not folders and "__main__" in _code(path):
                step = f"cp {quoted(str(name))} manage.py"
            elif settings:
                lines = [line.replace("SETTINGS", settings) for line in _MANAGE]
                step = f"printf '%s\\n' {' '.join(map(quoted, lines))} >manage.py"
            else:
                break
            return InputError(
                str(root),
                f"it has no manage.py, which every push runs; {name} runs Django's commands",
                f"{step}  # then: {retry_command()}",
            )
    return InputError(
        str(root), "it has no manage.py", f"ls {existing(root)}  # cd to the Django project"
    )
