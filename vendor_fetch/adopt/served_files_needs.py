"""List what a deployment needs of STATIC_ROOT, MEDIA_ROOT, and what belongs to them."""

import ast
import os.path
from collections.abc import Iterator, Mapping

from vendor_fetch.adopt import found_settings
from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.found_settings import place_of
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.settings_lines import path_lines, plain_line
from vendor_fetch.adopt.shared_paths import inside
from vendor_fetch.adopt.site import Answers
from vendor_fetch.adopt.source_code import Assigned

_STATIC_FILES = "django.contrib.staticfiles"
# Words in the storages that keep files on other servers.
_REMOTE = ("s3", "boto", "gcloud", "google", "azure", "dropbox", "cloudinary", "minio")


def static_root_need(project: DjangoProject, answers: Answers, file: str) -> Iterator[Need]:
    wanted, found = answers["static_root"].value, project.text("STATIC_ROOT")
    place = place_of(project, "STATIC_ROOT")
    if wanted.startswith("/"):
        if not found or os.path.normpath(found) == wanted:
            inner = path_lines("STATIC_ROOT", "static", project)
            yield Need(
                file=file,
                why=f"STATIC_ROOT ({place}) is outside of the project, so a rollback does not bring "
                "back the static files of a release; with --set static_root=static, each release has its "
                "own:",
                lines=inner,
            )
        return
    shared = [each for each in answers["shared_paths"].value.split() if each.endswith("/")]
    if around := [each for each in shared if f"{wanted}/".startswith(each)]:
        yield Need(
            file=file,
            why=f"STATIC_ROOT ({place}) is in {around[0]}, which all releases share, so a rollback does "
            "not bring back the static files of a release; with --set static_root=static, each has its own:",
            lines=path_lines("STATIC_ROOT", "static", project),
        )
        return
    lines = path_lines("STATIC_ROOT", wanted, project)
    if not place:
        if not _is_remote(project, "staticfiles", "STATICFILES_STORAGE"):
            yield Need(
                file=file, why="STATIC_ROOT is missing, where collectstatic puts files", lines=lines
            )
    elif found is None:
        yield Need(
            file=file,
            why=f"STATIC_ROOT ({place}) is known on the server only; Apache serves {wanted} in the "
            "release",
            lines=lines,
        )
    elif not found:
        yield Need(file=file, why=f"STATIC_ROOT ({place}) is empty", lines=lines)
    elif os.path.normpath(os.path.join(project.base, found)) != str(project.root / wanted):
        is_source = found_settings.static_root(project).source == "the default"
        why = (
            "is in STATICFILES_DIRS, too, which Django refuses" if is_source else f"is not {wanted}"
        )
        yield Need(file=file, why=f"STATIC_ROOT ({place}) {why}", lines=lines)


def static_files_need(project: DjangoProject, file: str) -> Iterator[Need]:
    """Yield the need of the app that has collectstatic."""
    names = project.assigned.values
    assigned = names.get("INSTALLED_APPS")
    apps = _constants(assigned.value, names) if assigned else None
    if assigned and apps is not None and not any(each.startswith(_STATIC_FILES) for each in apps):
        node = assigned.value
        while isinstance(node, ast.BinOp):
            node = node.left
        is_tuple = isinstance(node, ast.Tuple)
        addition = f'("{_STATIC_FILES}",)' if is_tuple else f'["{_STATIC_FILES}"]'
        yield Need(
            file=file,
            why=f"INSTALLED_APPS ({place_of(project, 'INSTALLED_APPS')}) lacks {_STATIC_FILES}, which "
            "has collectstatic; or delete that stage in deploy/deployments.toml",
            lines=plain_line(project, f"INSTALLED_APPS += {addition}"),
        )


def _constants(node: ast.expr, names: Mapping[str, Assigned], depth: int = 0) -> list[str] | None:
    """Return the texts of a list of settings; None if only a run would know some of it."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name) if name in names and depth < 20:
            return _constants(names[name].value, names, depth + 1)
        case ast.Starred(value=value):
            return _constants(value, names, depth + 1)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            pass
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            elements = [left, right]
        case _:
            return None
    found: list[str] = []
    for each in elements:
        texts = _constants(each, names, depth)
        if texts is None:
            return None
        found += texts
    return found


def media_root_need(project: DjangoProject, answers: Answers, file: str) -> Iterator[Need]:
    """Yield what MEDIA_ROOT lacks."""
    wanted, found = answers["media_root"].value, project.text("MEDIA_ROOT")
    place = place_of(project, "MEDIA_ROOT")
    if _is_remote(project, "default", "DEFAULT_FILE_STORAGE"):
        return
    actual = inside(project, found) if found else ""
    if wanted.startswith("/"):
        if actual == wanted:
            yield Need(
                file=file,
                why=f"MEDIA_ROOT ({place}) is outside of the project: Apache serves {found}, which the "
                "user of the site must own; with --set media_root=media, it is in shared/ with other "
                "data:",
                lines=path_lines("MEDIA_ROOT", "media", project),
            )
        return
    why = f"MEDIA_ROOT ({place}) is not {wanted}" if place else "MEDIA_ROOT is missing"
    if found is None and place:
        why = f"MEDIA_ROOT ({place}) is known on the server only; Apache serves {wanted} in the release"
    if wanted and actual != wanted:
        yield Need(file=file, why=why, lines=path_lines("MEDIA_ROOT", wanted, project))


def _is_remote(project: DjangoProject, key: str, setting: str) -> bool:
    """Return whether a storage of Django keeps its files on another server."""
    nodes = [
        each.value for name in (setting, "STORAGES") if (each := project.assigned.values.get(name))
    ]
    for node in nodes:
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            node = next(
                (
                    value
                    for name, value in pairs
                    if isinstance(name, ast.Constant) and name.value == key
                ),
                node,
            )
        if any(word in ast.unparse(node).lower() for word in _REMOTE):
            return True
    return False
