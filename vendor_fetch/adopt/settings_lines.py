"""Write lines that work at the end of a project's settings module."""

import ast
import os.path
from pathlib import Path

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.source_code import parsed

# What projects call the directory that their paths start at.
_ROOTS = ("BASE_DIR", "ROOT_DIR", "PROJECT_ROOT", "PROJECT_DIR", "SITE_ROOT", "BASE_PATH", "BASE")


def lines_with_os(project: DjangoProject, line: str) -> tuple[str, ...]:
    """Return a line that uses `os`, after the import if the settings lack it."""
    return _of_class(project, () if _imports(project, "os") else ("import os",), line)


def plain_line(project: DjangoProject, line: str) -> tuple[str, ...]:
    """Return a line that uses nothing."""
    return _of_class(project, (), line)


def path_lines(name: str, directory: str, project: DjangoProject) -> tuple[str, ...]:
    """Return the lines that set a directory, a path from the project's root."""
    values = project.assigned.values
    target = os.path.join(project.root, directory)
    # The names of a base class are not those of a class that inherits from it.
    for root in () if project.assigned.class_name else _ROOTS:
        text = text_of(values.get(root), values)
        if not text or not Path(target).is_relative_to(os.path.normpath(text)):
            continue
        if not _is_seen(project, root):
            continue
        rest = os.path.relpath(target, text)
        source = ast.unparse(values[root].value)
        if "environ" in source:  # environ.Path
            continue
        is_path = "Path(" in source or source.endswith(".parent")
        if is_path and _module_of(project, "Path", values[root].file) != "unipath":
            return _of_class(project, (), f'{name} = {root} / "{rest}"')
        return lines_with_os(project, f'{name} = os.path.join({root}, "{rest}")')
    file = project.assigned.file or project.base / "settings.py"
    up = len(file.relative_to(project.root).parts) - 1
    line = f'{name} = Path(__file__).resolve().parents[{up}] / "{directory}"'
    is_there = _module_of(project, "Path", file) == "pathlib"
    return _of_class(project, () if is_there else ("from pathlib import Path",), line)


def _of_class(project: DjangoProject, imports: tuple[str, ...], line: str) -> tuple[str, ...]:
    indent = "    " if project.assigned.class_name else ""
    return tuple(f"{indent}{each}" for each in (*imports, line))


def _is_seen(project: DjangoProject, name: str) -> bool:
    """Return whether the settings module of the server has a name: its own, or by `import *`."""
    file, assigned = project.assigned.file, project.assigned.values[name]
    if assigned.file == file:
        return True
    tree = parsed(file) if file else None
    imports = [node for node in (tree.body if tree else ()) if isinstance(node, ast.ImportFrom)]
    names = {each.name for node in imports for each in node.names}
    return bool(names & {"*", name})


def _imports(project: DjangoProject, name: str) -> bool:
    """Return whether the settings module of the server imports a name itself."""
    file = project.assigned.file
    tree = parsed(file) if file else None
    return any(
        name in (each.asname or each.name for each in node.names)
        for node in (tree.body if tree else ())
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def _module_of(project: DjangoProject, name: str, file: Path | None) -> str:
    """Return the module that a file of the settings imports a name from, or nothing."""
    tree = project.assigned.trees.get(file) if file else None
    for node in tree.body if tree else ():
        match node:
            case ast.ImportFrom(names=names, module=module) if name in {
                each.asname or each.name for each in names
            }:
                return module or ""
    return ""
