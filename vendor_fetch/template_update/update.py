"""Bring a generated project to a new version of its template.

The project's repository gets a commit of the old version, rendered with the recorded answers, and on
top of it one of the new version. git applies the second commit to the project as `cherry-pick` does,
in a second work tree, where the locks are made again. Only the finished commit comes to the project.
If there are conflicts, git applies the commit in the project itself, where people resolve them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError
from bootstrapper.next_step import existing
from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import APPS, SOURCE, TOOLS
from vendor_fetch.download.cache import Cache
from vendor_fetch.index.index import Index
from vendor_fetch.program import program_command, retry_command
from vendor_fetch.project.project import ADOPTED, APPS_IN
from vendor_fetch.template.kinds import read_kinds
from vendor_fetch.template.origin import DIRTY, located, shown
from vendor_fetch.template.record import (
    RECORD,
    TemplateRecord,
    file_paths,
    hashes,
    read_record,
)
from vendor_fetch.template_update.checkout import Checkout, TemplateSource
from vendor_fetch.template_update.difference import Difference, difference_of
from vendor_fetch.template_update.generated_files import make_generated
from vendor_fetch.template_update.hidden_changes import refuse_hidden_changes
from vendor_fetch.template_update.own_files import OwnFiles, read_own_files
from vendor_fetch.template_update.project_repository import (
    ChangedFile,
    ProjectRepository,
)
from vendor_fetch.template_update.switch import switch
from vendor_fetch.template_update.upgrading_notes import new_notes
from vendor_fetch.template_update.work_tree import Conflict, WorkTree

# What an update writes besides the commit of git.
_WRITTEN = (RECORD, SOURCE.parent, SOURCE, APPS_IN, APPS, TOOLS)


@dataclass(frozen=True, kw_only=True)
class UpdateRequest:
    """What a user wants: another `address` than the recorded one, versions, answers.

    `start` is the version that the project was generated from, if it is not the recorded one, and
    `end` the version to update to; empty for what cookiecutter would take today.
    """

    address: str = ""
    start: str = ""
    end: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Update:
    """What an update has done, or would do.

    `changed` are the files of the new commit, or `conflicts` those that people must resolve.
    `yours` are files of the project alone that differ between the two versions of the template; the
    `trees` have them. `wishes` are the lines that are new in the template's apps.in. `defaults` are
    the answers to new questions. `commit` has the changes, also of a dry run.
    """

    start: str
    end: str
    changed: tuple[ChangedFile, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    yours: tuple[str, ...] = ()
    trees: tuple[str, str] = ("", "")
    wishes: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    commit: str = ""


class TemplateUpdate:
    """One update of the project in the directory `project`. The caller holds the project's lock."""

    def __init__(
        self,
        project: Path,
        request: UpdateRequest,
        *,
        cache: Cache,
        index: Index,
        progress: Progress,
    ) -> None:
        """Raise InputError if the project has changes that are not committed, or no repository."""
        self._repository = ProjectRepository(project)
        self._repository.require_identity()
        if not request.dry_run:
            self._repository.refuse_changes()
        self._request = request
        self._cache, self._index, self._progress = cache, index, progress
        self._record = read_record(project)
        if not self._record and not (request.start and request.answers):
            raise self._without_record()

    def _without_record(self) -> InputError:
        """Return the error for a project that does not say what it comes from."""
        root = self._repository.root
        if not (root / APPS_IN).is_file():
            return InputError(
                str(root), f"is no project: it has no {APPS_IN}", f"ls {existing(root)}  # then cd"
            )
        if (root / ADOPTED).is_file():
            return InputError(
                str(RECORD),
                "there is no such file: the project was moved in by init, and has no template",
                program_command("self-upgrade") + "  # renews bootstrapper's own files",
            )
        return InputError(
            str(RECORD),
            "there is no such file, so the version and the answers that the project comes from are "
            "unknown",
            program_command(
                *("template-update", "--template", "ADDRESS", "--from", "VERSION"),
                *("--answers", "NAME=VALUE"),
            )
            + "  # with all answers of that time",
        )

    def run(self) -> Update:
        """Update the project, unless the request is a dry run. Raise BootstrapperError or OSError."""
        self._repository.refuse_links(_WRITTEN)
        with self._repository.scratch() as scratch:
            new = self._new(scratch)
            own = read_own_files(new.directory, scratch / "wheel")
            start = self._request.start or (self._record.version if self._record else "")
            is_same = start == new.version and not new.version.endswith(DIRTY)
            if is_same and self._record and not self._request.answers:
                self._repository.refuse_markers(self._record.files)
                return self._finish(self._record, new, own, scratch)
            difference = self._difference(start, new, scratch)
            return self._merge(start, difference, own, scratch)

    def _new(self, scratch: Path) -> Checkout:
        address = self._address()
        # Its code runs, and the record of a project is not always one's own.
        self._progress.say(f"the template is {without_passwords(address)}")
        source = self._source(address, scratch)
        return source.at(self._request.end) if self._request.end else source.current()

    def _address(self) -> str:
        address = self._request.address or (self._record.address if self._record else "")
        if not address:
            raise InputError(
                str(RECORD),
                "has no address of the template",
                f"{retry_command()} --template ADDRESS",
            )
        return located(address, self._repository.root)

    def _source(self, address: str, scratch: Path) -> TemplateSource:
        return TemplateSource(
            address=address,
            scratch=scratch,
            project=self._repository.root,
            cache=self._cache,
            index=self._index,
            progress=self._progress,
        )

    def _difference(self, start: str, new: Checkout, scratch: Path) -> Difference:
        is_file = "/" in start and Path(start).expanduser().exists()
        if is_file or start.endswith(".zip"):
            old = self._source(start, scratch).current()
        else:
            old = self._source(self._address(), scratch).at(start)
        return difference_of(
            *(self._repository.root, self._record, old, new, self._request.answers, scratch),
            # The user knows better than the record.
            verify=not self._request.start,
        )

    def _merge(self, start: str, difference: Difference, own: OwnFiles, scratch: Path) -> Update:
        repository, new = self._repository, difference.new
        record = difference.new_record(self._address(), self._record, repository.root)
        (new.directory / RECORD).write_text(record.text(), encoding="utf-8")
        if self._record:
            recorded = (repository.root / RECORD).read_bytes()
            (difference.old.directory / RECORD).write_bytes(recorded)
        old_files = [*difference.owned(difference.old), *([str(RECORD)] if self._record else ())]
        new_files = [*difference.owned(new), str(RECORD)]
        base = repository.commit(
            repository.tree(difference.old.directory, old_files, scratch),
            f"The template, version {shown(start)}",
        )
        end = new.checkout.version
        picked = repository.commit(
            repository.tree(new.directory, new_files, scratch),
            f"Update from the template, version {shown(end)}\n\nThe version before was {shown(start)}.",
            base,
        )
        repository.refuse_untracked(difference.moved)
        if not self._request.dry_run:
            refuse_hidden_changes(repository.root, [*difference.moved, *difference.removed])
        update = Update(
            start=start,
            end=end,
            yours=difference.yours,
            trees=(
                repository.tree(difference.old.directory, difference.old.files, scratch),
                repository.tree(new.directory, new.files, scratch),
            ),
            wishes=difference.wishes,
            defaults={
                name: answer
                for name, answer in new.answers.items()
                if name not in difference.old.answers and name not in self._request.answers
            },
            notes=tuple(new_notes(difference.old.checkout.directory, new.checkout.directory)),
        )
        with repository.work_tree(scratch) as beside:
            conflicts = beside.pick(picked)
            if not conflicts:
                return self._complete(update, beside, record, own, new.checkout, picked=True)
            # git would replace files that it ignores, where a renamed directory takes a new file.
            repository.refuse_untracked(beside.files)
        if not self._request.dry_run:
            repository.pick(picked)
        return replace(update, conflicts=tuple(conflicts))

    def _finish(
        self, record: TemplateRecord, new: Checkout, own: OwnFiles, scratch: Path
    ) -> Update:
        """Make the generated files that an update with conflicts has left; usually there are none."""
        update = Update(start=record.version, end=new.version)
        digest = hashlib.sha256(own.wheel_content).hexdigest()
        if record.files.get(own.wheel_path) == digest:
            return update
        with self._repository.work_tree(scratch) as beside:
            return self._complete(update, beside, record, own, new, picked=False)

    def _complete(
        self,
        update: Update,
        beside: WorkTree,
        record: TemplateRecord,
        own: OwnFiles,
        new: Checkout,
        *,
        picked: bool,
    ) -> Update:
        """Make the generated files in the second work tree, and bring the project to its commit."""
        if beside.has(str(APPS)) and beside.has(str(SOURCE)):
            make_generated(
                beside.project,
                own,
                new,
                record,
                cache=self._cache,
                index=self._index,
                progress=self._progress,
            )
            kinds = read_kinds(new.directory)
            generated = filter(kinds.is_generated, file_paths(beside.project))
            kept = {
                path: sha256
                for path, sha256 in record.files.items()
                if not kinds.is_generated(path)
            }
            complete = replace(record, files=kept | hashes(beside.project, generated))
            (beside.project / RECORD).write_text(complete.text(), encoding="utf-8")
        message = f"Vendor the files of the template, version {shown(update.end)}"
        commit = beside.commit(message, amend=picked)
        if commit == self._repository.head:
            return update
        if self._request.dry_run:
            changed = self._repository.changed_files(commit)
            return replace(update, changed=tuple(changed), commit=commit)
        changed = switch(self._repository, beside.project, commit)
        return replace(update, changed=tuple(changed), commit=commit)
