"""The files of bootstrapper in a project: its own wheel, bootstrap.py, and the line of apps.in."""

import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from bootstrapper.ve.project.lockfile import SOURCE
from bootstrapper.ve.standards.filename import InvalidFilename, parse_filename
from bootstrapper.ve.standards.version import Version
from vendor_fetch.program import restore_command
from vendor_fetch.project.project import APPS_IN
from vendor_fetch.sync.request import Request
from vendor_fetch.template.generation import PROJECT_TEMPLATE
from vendor_fetch.template.own_wheel import build_wheel

BOOTSTRAP = PurePosixPath("bootstrap.py")
_LINE = re.compile(rf"^\./{re.escape(str(SOURCE))}/(bootstrapper-\S+\.whl)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class OwnFiles:
    """bootstrapper's files in a checkout of the template: the name and bytes of its wheel, bootstrap.py."""

    wheel: str
    wheel_content: bytes
    bootstrap: bytes

    @property
    def wheel_path(self) -> str:
        """The path of the wheel in a project."""
        return str(SOURCE / self.wheel)

    def wheel_request(self, project: Path) -> Request | None:
        """Return what replaces the wheel of a project; None if it is the same or a newer version.

        Raise InputError if the project has no apps.in.
        """
        try:
            old = (project / APPS_IN).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise InputError(
                str(project / APPS_IN), "there is no such file", restore_command(APPS_IN)
            ) from None
        named = _LINE.search(old)
        if named and _version(named[1]) > _version(self.wheel):
            return None
        present = project / SOURCE / self.wheel
        if named and present.is_file() and present.read_bytes() == self.wheel_content:
            return None
        line = f"./{self.wheel_path}"
        new = _LINE.sub(line, old) if named else f"{old.rstrip()}\n{line}\n"
        edits = {} if new == old else {APPS_IN: new.encode()}
        return Request(edits=edits, files={self.wheel: self.wheel_content})

    def request(self, project: Path, *, keep_bootstrap: bool) -> Request | None:
        """Return what replaces all files of bootstrapper in a project; None if it has them."""
        request = self.wheel_request(project)
        file = project / BOOTSTRAP
        is_current = file.is_file() and file.read_bytes() == self.bootstrap
        if keep_bootstrap or is_current:
            return request
        request = request or Request()
        return replace(
            request,
            edits={**request.edits, BOOTSTRAP: self.bootstrap},
            programs=frozenset({BOOTSTRAP}),
        )


def read_own_files(template: Path, scratch: Path) -> OwnFiles:
    """Return the files of a checkout. The wheel is built in `scratch`. Raise InputError."""
    wheel = build_wheel(template, scratch)
    bootstrap = template / PROJECT_TEMPLATE / BOOTSTRAP
    return OwnFiles(
        wheel=wheel.name, wheel_content=wheel.read_bytes(), bootstrap=bootstrap.read_bytes()
    )


def without_own_line(apps_in: bytes | None) -> bytes | None:
    """Return the content of an apps.in without the line for bootstrapper's wheel; None for None."""
    return None if apps_in is None else _LINE.sub("", apps_in.decode("latin-1")).encode("latin-1")


def _version(wheel: str) -> Version:
    try:
        return Version(parse_filename(wheel).version)
    except (InvalidFilename, ValueError):
        return Version("0")
