"""What the settings of a project say about its server, each with the place."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.shared_paths import inside, sqlite_files
from vendor_fetch.adopt.source_code import Assigned
from vendor_fetch.template.answers import host_fault

_LOCAL = {"localhost", "testserver", "0.0.0.0"}  # noqa: S104

_MOST = 200
_SERVER = re.compile(r"([a-z]+:)?//")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A value, and where it comes from."""

    value: str
    source: str


def place_of(project: DjangoProject, name: str) -> str:
    """Return the file and line of a setting, or an empty string."""
    assigned = project.assigned.values.get(name)
    return f"{assigned.file.relative_to(project.root)}:{assigned.line}" if assigned else ""


def allowed_hosts(project: DjangoProject) -> list[str]:
    """Return the texts in the value of ALLOWED_HOSTS, without those of this machine."""
    assigned = project.assigned.values.get("ALLOWED_HOSTS")
    return host_texts(assigned.value) if assigned else []


def host_texts(value: ast.expr) -> list[str]:
    """Return the texts in an expression, without the names of this machine."""
    texts = [
        node.value
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [text for text in texts if text not in _LOCAL and not text.startswith("127.")]


def covers(pattern: str, domain: str) -> bool:
    """Return whether a pattern of ALLOWED_HOSTS such as .example.org covers a host."""
    if pattern.startswith("."):
        return f".{domain}".endswith(pattern)
    return pattern in ("*", domain)


def named_domain(project: DjangoProject, name: str) -> Found:
    """Return the first host of ALLOWED_HOSTS, or one under example.org."""
    for host in allowed_hosts(project):
        host = host.lower().lstrip(".")
        if "." in host and not host_fault(host):
            return Found(value=host, source=place_of(project, "ALLOWED_HOSTS"))
    return Found(value=f"{name.replace('_', '-')}.example.org", source="the default")


def static_url(project: DjangoProject, domain: str) -> Found:
    """Return STATIC_URL; it is empty if another server has the files."""
    return _url(project, "STATIC_URL", "/static/", domain)


def static_root(project: DjangoProject) -> Found:
    """Return STATIC_ROOT, from the project's root; its default is a directory that is not there.

    Django refuses a directory that is in STATICFILES_DIRS, too.
    """
    taken = {inside(project, each) for each in _texts_of(project, "STATICFILES_DIRS")}
    if text := project.text("STATIC_ROOT"):
        found = inside(project, text)
        if found not in taken:
            return Found(value=found, source=place_of(project, "STATIC_ROOT"))
    for name in ("static", "staticfiles", "static_root"):
        found = inside(project, name)
        if found not in taken and not (project.root / found).exists():
            break
    return Found(value=found, source="the default")


def media_url(project: DjangoProject, domain: str) -> Found:
    """Return MEDIA_URL; it is empty if the project has no uploads, or another server has them."""
    if not media_root(project).value:
        return Found(value="", source="no MEDIA_ROOT")
    if exposed_database(project):
        return Found(value="", source="MEDIA_ROOT has the database")
    return _url(project, "MEDIA_URL", "", domain)


def exposed_database(project: DjangoProject) -> str:
    """Return the SQLite database that is in MEDIA_ROOT, for every visitor to read, or nothing."""
    media = media_root(project).value
    files = [inside(project, each) for each in sqlite_files(project)]
    return next((each for each in files if media and Path(each).is_relative_to(media)), "")


def media_root(project: DjangoProject) -> Found:
    """Return MEDIA_ROOT, from the project's root; it is empty if the project has no uploads."""
    text = project.text("MEDIA_ROOT")
    if text or (text is None and "MEDIA_ROOT" in project.assigned.values):
        return Found(value=inside(project, text or "media"), source=place_of(project, "MEDIA_ROOT"))
    return Found(value="", source="no MEDIA_ROOT")


def _url(project: DjangoProject, name: str, default: str, domain: str) -> Found:
    text = project.text(name)
    source = place_of(project, name) or "the default"
    if text is None and _is_elsewhere(project, name):
        return Found(value="", source=source)
    text = default if text is None else text
    if match := _SERVER.match(text):
        host, _, path = text[match.end() :].partition("/")
        text = f"/{path}" if host.lower() == domain.lower() else ""
    if not text:
        return Found(value="", source=source)
    return Found(value=f"/{text.strip('/')}/" if text.strip("/") else "", source=source)


def _is_elsewhere(project: DjangoProject, name: str) -> bool:
    """Return whether the address of a setting, which only a run knows, begins with another server."""
    assigned = project.assigned.values.get(name)
    for node in ast.walk(assigned.value) if assigned else ():
        match node:
            case ast.Constant(value=str(text)) if _SERVER.match(text):
                return True
    return False


def _texts_of(project: DjangoProject, name: str) -> list[str]:
    """Return the texts and paths in a list or tuple of settings, without those only a run would know."""
    names = project.assigned.values
    assigned = names.get(name)
    if not assigned:
        return []
    values: list[ast.expr] = [assigned.value]
    found: list[str] = []
    for _ in range(_MOST):
        if not values:
            break
        node = values.pop()
        match node:
            case ast.List(elts=several) | ast.Tuple(elts=several) | ast.Set(elts=several):
                values += several
            case ast.BinOp(left=left, op=ast.Add(), right=right) if (
                text_of(Assigned(file=assigned.file, line=0, value=node), names) is None
            ):
                values += [left, right]
            case _:
                text = text_of(Assigned(file=assigned.file, line=0, value=node), names)
                found += [text] if text else []
    return found
