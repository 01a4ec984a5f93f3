"""Bring a project to a commit that was made beside, so that a killed run leaves the old or the new."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bootstrapper.ve.project.lockfile import SOURCE
from vendor_fetch.project.project import VendorProject
from vendor_fetch.sync.staging import staging
from vendor_fetch.template_update.hidden_changes import refuse_hidden_changes
from vendor_fetch.template_update.project_repository import ChangedFile, ProjectRepository

_ABSENT = "000000"


def switch(repository: ProjectRepository, beside: Path, commit: str) -> list[ChangedFile]:
    """Give the project the files of a commit that begins at HEAD, and move the branch there.

    `beside` is the project in a work tree of the commit. Return the changed files. The caller holds
    the project's lock. Raise WorkFailed if a file that is not in git is in the way, and InputError if
    git hides a change.
    """
    repository.refuse_new_changes()
    changed = repository.changed_files(commit)
    repository.refuse_untracked(file.path for file in changed)
    refuse_hidden_changes(repository.root, (file.path for file in changed))
    repository.refuse_lock()
    if not all(file.is_plain for file in changed) or _has_nested_paths(changed):
        repository.fast_forward(commit)
        return changed
    project = VendorProject(directory=repository.root, targets=())
    with staging(project) as change:
        for file in changed:
            path, source = PurePosixPath(file.path), beside / file.path
            if path.parent == SOURCE:
                if file.mode == _ABSENT:
                    change.drop([path.name])
                else:
                    change.add(path.name, source.read_bytes())
            elif file.mode == _ABSENT:
                change.delete(path)
            else:
                change.restore(path, source.read_bytes(), mode=source.stat().st_mode & 0o777)
        change.move_branch(repository.head, commit)
        change.commit()
    return changed


def _has_nested_paths(changed: Sequence[ChangedFile]) -> bool:
    """Return whether a file takes the place of a directory, or a directory that of a file."""
    paths = {PurePosixPath(file.path) for file in changed}
    return any(parent in paths for path in paths for parent in path.parents)
