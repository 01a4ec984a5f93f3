"""Find the files of a project that all its releases share on a server."""

import ast
import os.path
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.opened_files import log_files
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.source_code import Assigned

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
    # Django does not start if the directory of a log is missing.
    for file in (*sqlite_files(project), *log_files(project.assigned.values)):
        path = PurePosixPath(inside(project, file))
        if path.is_absolute():
            continue
        if _is_of_data(project, path.parent):
            found.append(f"{path.parent}/")
        elif "." in path.name:  # a shared path without a dot would be a directory
            found.append(str(path))
    others = [inside(project, str(each.path)) for each in project.assigned.left_out]
    found += [path for path in others if not path.startswith("/")]
    return _without_nested(dict.fromkeys(found))


def sqlite_files(project: DjangoProject) -> Iterator[str]:
    """Yield the paths of the SQLite databases that the settings name."""
    databases = project.assigned.values.get("DATABASES")
    others = project.assigned.alternatives.get("DATABASES", [])
    found = [
        path
        for each in [*([databases] if databases else []), *others]
        for path in _sqlite(project, each)
    ]
    yield from dict.fromkeys(found)


def _sqlite(project: DjangoProject, databases: Assigned) -> Iterator[str]:
    values = project.assigned.values
    for node in ast.walk(databases.value):
        if isinstance(node, ast.Dict):
            entries = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if "sqlite3" in ast.unparse(entries.get("ENGINE", ast.Constant(""))):
                name = entries.get("NAME", ast.Constant(None))
                text = text_of(_at(databases, name), values)
                if text and not text.startswith((":memory:", "file:")):
                    yield text
        elif isinstance(node, ast.Call):
            text = text_of(_at(databases, node), values) or ""
            if not text and node.args:  # dj_database_url.parse("sqlite:///…")
                text = text_of(_at(databases, node.args[0]), values) or ""
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
