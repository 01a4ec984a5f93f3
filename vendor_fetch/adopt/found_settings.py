"""What the settings of a project say about its server, each with the place."""

import ast
import re
from dataclasses import dataclass

from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.shared_paths import inside
from vendor_fetch.template.answers import host_fault

_LOCAL = {"localhost", "testserver", "0.0.0.0"}  # noqa: S104


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
    texts = [
        node.value
        for node in (ast.walk(assigned.value) if assigned else ())
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [text for text in texts if text not in _LOCAL and not text.startswith("127.")]


def named_domain(project: DjangoProject, name: str) -> Found:
    """Return the first host of ALLOWED_HOSTS, or one under example.org."""
    for host in allowed_hosts(project):
        host = host.lower().lstrip(".")
        if "." in host and not host_fault(host):
            return Found(value=host, source=place_of(project, "ALLOWED_HOSTS"))
    return Found(value=f"{name.replace('_', '-')}.example.org", source="the default")


def static_url(project: DjangoProject) -> Found:
    """Return STATIC_URL; it is empty if another server has the files."""
    return _url(project, "STATIC_URL", "/static/")


def static_root(project: DjangoProject) -> Found:
    """Return STATIC_ROOT, from the project's root; its default is a directory that is not there."""
    if text := project.text("STATIC_ROOT"):
        return Found(value=inside(project, text), source=place_of(project, "STATIC_ROOT"))
    taken = (project.base / "static").exists()
    return Found(value=inside(project, "staticfiles" if taken else "static"), source="the default")


def media_url(project: DjangoProject) -> Found:
    """Return MEDIA_URL; it is empty if the project has no uploads, or another server has them."""
    if not media_root(project).value:
        return Found(value="", source="no MEDIA_ROOT")
    return _url(project, "MEDIA_URL", "")


def media_root(project: DjangoProject) -> Found:
    """Return MEDIA_ROOT, from the project's root; it is empty if the project has no uploads."""
    text = project.text("MEDIA_ROOT")
    if text or (text is None and "MEDIA_ROOT" in project.assigned.values):
        return Found(value=inside(project, text or "media"), source=place_of(project, "MEDIA_ROOT"))
    return Found(value="", source="no MEDIA_ROOT")


def _url(project: DjangoProject, name: str, default: str) -> Found:
    text = project.text(name)
    source = place_of(project, name) or "the default"
    text = default if text is None else text
    if not text or re.match(r"([a-z]+:)?//", text):
        return Found(value="", source=source)
    return Found(value=f"/{text.strip('/')}/" if text.strip("/") else "", source=source)
