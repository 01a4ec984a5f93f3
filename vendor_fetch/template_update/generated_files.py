"""Make the generated files of a project again: bootstrapper's wheel, the locks, the vendored files."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from vendor_fetch.download.cache import Cache
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.index.index import Index
from vendor_fetch.project.locks import locked_names
from vendor_fetch.project.project import APPS_IN, open_project
from vendor_fetch.sync.request import Request
from vendor_fetch.sync.sync import sync
from vendor_fetch.template.generation import vendor_project
from vendor_fetch.template.record import TemplateRecord
from vendor_fetch.template_update.checkout import Checkout
from vendor_fetch.template_update.own_files import OwnFiles


def make_generated(
    project: Path,
    own: OwnFiles,
    checkout: Checkout,
    record: TemplateRecord,
    *,
    cache: Cache,
    index: Index,
    progress: Progress,
) -> None:
    """Make the locks and the vendored files of a project again, with bootstrapper's wheel `own`.

    Locks that nobody has changed since the generation become those of the new template, as in a new
    project. Otherwise locked versions stay. `record` is that of the generation.
    """
    request = own.wheel_request(project)
    if request and request.edits:
        (project / APPS_IN).write_bytes(request.edits[APPS_IN])
    if _is_as_generated(project, record.files) and not is_offline():
        before = locked_names(project)
        vendor_project(
            checkout.directory, project, locks_for=record.answers["database"], progress=progress
        )
        for name in before - locked_names(project):
            (project / SOURCE / name).unlink(missing_ok=True)
        return
    sync(open_project(project), cache, index, progress, lambda: request or Request())


def _is_as_generated(project: Path, files: Mapping[str, str]) -> bool:
    """Return whether apps.in asks for what the template asks for, and the locks are the template's."""
    return all(
        (project / path).is_file()
        and hashlib.sha256((project / path).read_bytes()).hexdigest() == files.get(str(path))
        for path in (APPS, TOOLS, APPS_IN)
    )
