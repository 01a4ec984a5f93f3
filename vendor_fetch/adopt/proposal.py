"""Everything that init would change in a project, before anything changes."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError
from vendor_fetch.adopt.account import answer_lines, entry_lines
from vendor_fetch.adopt.adoption import Adoption, adopt
from vendor_fetch.adopt.dependency_files import project_entries
from vendor_fetch.adopt.django_project import DjangoProject
from vendor_fetch.adopt.file_edit import FileEdit
from vendor_fetch.adopt.machine_files import machine_paths
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.plan import COOLDOWN, plan_files
from vendor_fetch.adopt.rendering import renderer
from vendor_fetch.adopt.server_files import server_files
from vendor_fetch.adopt.settings_needs import settings_needs
from vendor_fetch.adopt.site import Answers
from vendor_fetch.adopt.undo import RECORD, record_of
from vendor_fetch.program import retry_command
from vendor_fetch.project.project import VendorProject
from vendor_fetch.project.target import Target
from vendor_fetch.sync.adopted_lock import AdoptedLock
from vendor_fetch.sync.request import Request
from vendor_fetch.template.generation import PROJECT_TEMPLATE
from vendor_fetch.template.own_wheel import build_wheel


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What init would write. `request` has it for a sync, with the record for `init --undo`.

    `unread` are files that may have dependencies, and `kept` a line for each file of the server that
    the project has already.
    """

    project: VendorProject
    answers: Answers
    adoption: Adoption
    edits: Mapping[PurePosixPath, FileEdit]
    needs: Sequence[Need]
    request: Request
    unread: Sequence[Path]
    kept: Sequence[str]

    def lines(self) -> Iterator[str]:
        """Yield a line for each requirement, file and answer."""
        yield from entry_lines(self.adoption)
        for path in self.unread:
            yield f"not read: {path.relative_to(self.project.directory)}"
        yield from answer_lines(self.answers)
        yield from self.kept


def propose(
    found: DjangoProject,
    answers: Answers,
    *,
    template: Path,
    python: str,
    files: Sequence[Path],
    groups: Sequence[str],
    relaxed: Sequence[str],
) -> Proposal:
    """Return what init would change. `files` are those that the user names, or empty.

    Raise InputError, or ImportError without the libraries that read them.
    """
    bootstrap = template / PROJECT_TEMPLATE / "bootstrap.py"
    if not bootstrap.is_file() or not (template / "templates/adopted").is_dir():
        raise InputError(
            str(template),
            "is no checkout of the template, which has bootstrap.py and templates/adopted/",
            f"{retry_command()} --template DIRECTORY  # a clone of the template",
        )
    root, target = found.root, Target(python=python)
    entries, unread = project_entries(root, found.base, files, groups)
    adoption = adopt(entries, relaxed)
    server, kept = server_files(found, answers, renderer(template))
    wheel, wheel_content = _own_wheel(template)
    edits = plan_files(
        found,
        adoption,
        [target],
        server,
        ignored=machine_paths(root, answers),
        own_wheel=wheel,
        bootstrap=bootstrap.read_bytes(),
    )
    given = {name: answer.value for name, answer in answers.items()}
    record = FileEdit(content=record_of(root, edits, given))
    return Proposal(
        project=VendorProject(directory=root, targets=(target,), cooldown=COOLDOWN),
        answers=answers,
        adoption=adoption,
        edits=edits,
        needs=list(settings_needs(found, answers)),
        request=Request(
            edits={path: edit.content for path, edit in {**edits, RECORD: record}.items()},
            programs=frozenset(path for path, edit in edits.items() if edit.executable),
            files={wheel: wheel_content},
            adopted=AdoptedLock(
                locked=adoption.locked, constraints=adoption.constraints, hashes=adoption.hashes
            ),
        ),
        unread=unread,
        kept=kept,
    )


def _own_wheel(template: Path) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(template, Path(scratch))
        return wheel.name, wheel.read_bytes()
