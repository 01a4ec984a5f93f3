"""Find the files of a project that all its releases share on a server."""

import ast
import os.path
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.settings_module import Assigned

ENV_FILE = ".env"
_SQLITE = "sqlite:///"
# Files that keep an empty directory in git.
_PLACEHOLDERS = {".gitkeep", ".keep", ".gitignore", "README", "README.md", "README.txt"}


def inside(project: DjangoProject, path: str) -> str:
    """Return a path relative to the project, or an absolute one if it leads out of it.

    A relative path starts at the directory of manage.py, as it does for ./manage.py.
    """
    absolute = os.path.normpath(os.path.join(project.base, path))
    relative = os.path.relpath(absolute, project.root)
    return absolute if relative.startswith("..") else relative


def shared_paths(project: DjangoProject, media_root: str) -> list[str]:
    """Return what the releases of a project share: paths from its root, directories with a slash."""
    found = [ENV_FILE]
    if media_root and not media_root.startswith("/"):
        found.append(f"{media_root}/")
    for database in sqlite_files(project):
        path = PurePosixPath(inside(project, database))
        if path.is_absolute():
            continue
        if _is_of_data(project, path.parent):
            found.append(f"{path.parent}/")
        elif "." in path.name:  # a shared path without a dot would be a directory
            found.append(str(path))
    found += [inside(project, str(path)) for path in project.assigned.left_out]
    return _without_nested(dict.fromkeys(found))


def sqlite_files(project: DjangoProject) -> Iterator[str]:
    """Yield the paths of the SQLite databases that the settings name."""
    values = project.assigned.values
    databases = values.get("DATABASES")
    for node in ast.walk(databases.value) if databases else ():
        assigned = Assigned(file=databases.file, line=0, value=ast.Constant(""))  # type: ignore[union-attr]
        if isinstance(node, ast.Dict):
            entries = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if "sqlite3" in ast.unparse(entries.get("ENGINE", ast.Constant(""))):
                name = entries.get("NAME", ast.Constant(None))
                text = text_of(_at(assigned, name), values)
                if text and not text.startswith((":memory:", "file:")):
                    yield text
        elif isinstance(node, ast.Call):
            text = text_of(_at(assigned, node), values) or ""
            if text.startswith(_SQLITE) and len(text) > len(_SQLITE):
                yield text.removeprefix(_SQLITE)


def _at(place: Assigned, value: ast.expr) -> Assigned:
    return Assigned(file=place.file, line=place.line, value=value)


def _is_of_data(project: DjangoProject, directory: PurePosixPath) -> bool:
    """Return whether a directory has data only, so that all releases can share it."""
    path = project.root / directory
    if path in (project.root, project.base):
        return False
    files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else []
    return all(_is_data(each) for each in files)


def _is_data(file: Path) -> bool:
    return file.name in _PLACEHOLDERS or "sqlite" in file.name or file.suffix in (".db", ".log")


def _without_nested(paths: dict[str, None]) -> list[str]:
    """Return the paths without those that lie in another one."""
    words = [path.rstrip("/") for path in paths]
    return [
        path
        for path in paths
        if not any(path.startswith(f"{word}/") and path.rstrip("/") != word for word in words)
    ]
