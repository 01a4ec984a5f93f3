"""Refuse links that lead out of a project.

No tarball can have such a link, because an installer would write or read through it. A backend that
follows the link puts a file of this machine into the tarball.
"""

import os
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class OutsideLink:
    """A link: its path in the project, and where it leads to."""

    path: str
    target: str

    def is_named_in(self, text: str) -> bool:
        """Return whether a message of a build backend is about the link."""
        return posixpath.basename(self.path) in text or self.target in text

    def __str__(self) -> str:
        return f"{self.path} is a link to {self.target}, which is outside of the project"


def outside_links(tree: Path) -> list[OutsideLink]:
    """Return the links of a source tree that are absolute or lead out of it."""
    return sorted(_links(tree), key=lambda link: link.path)


def outside_link_in(tarball: Path) -> OutsideLink | None:
    """Return the first link of a tarball that leads out of it."""
    with tarfile.open(tarball) as archive:
        for member in archive:
            if not (member.issym() or member.islnk()):
                continue
            top, _, path = member.name.partition("/")
            start = posixpath.dirname(member.name) if member.issym() else ""
            leads_to = posixpath.normpath(posixpath.join(start, member.linkname))
            if leads_to != top and not leads_to.startswith(f"{top}/"):
                return OutsideLink(path=path, target=member.linkname)
    return None


def followed_link(tarball: Path, links: list[OutsideLink]) -> OutsideLink | None:
    """Return the first of a project's links that a tarball has as a file."""
    with tarfile.open(tarball) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    return next((link for link in links if link.path in names), None)


def _links(tree: Path) -> Iterator[OutsideLink]:
    root = os.path.realpath(tree)
    for folder, directories, names in os.walk(root):
        if folder == root and ".git" in directories:
            directories.remove(".git")
        for name in (*directories, *names):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                target = os.readlink(path)
                inside = f"{os.path.realpath(path)}/".startswith(f"{root}/")
                if os.path.isabs(target) or not inside:
                    yield OutsideLink(path=os.path.relpath(path, root), target=target)
