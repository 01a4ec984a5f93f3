"""Say where the vendored versions and files differ from those that the project had locked."""

from collections.abc import Iterator

from bootstrapper.ve.standards.filename import parse_filename
from bootstrapper.ve.standards.version import same_version
from vendor_fetch.adopt.adoption import Adoption
from vendor_fetch.sync.changes import Change
from vendor_fetch.sync.request import Outcome


def deviations(adoption: Adoption, outcome: Outcome) -> Iterator[str]:
    """Yield a line for each locked version and file that is not vendored as it was locked.

    Another version replaces it, nothing asks for it, or its file has another sha256.
    """
    changes = {each.name: each for each in outcome.changes}
    for name, versions in adoption.locked.items():
        change, locked = changes.get(name), " or ".join(versions)
        if not change:
            yield f"{name} {locked} was locked, and nothing asks for it on the targets"
        elif all(any(same_version(new, each) for each in versions) for new in change.new):
            for version in versions:
                yield from _other_files(change, version, adoption, outcome)
        else:
            yield (
                f"{name} {locked} was locked; {', '.join(change.new)} is vendored, because the "
                "requirements or the index do not allow it"
            )


def _other_files(change: Change, pin: str, adoption: Adoption, outcome: Outcome) -> Iterator[str]:
    """Yield the vendored files of a locked version whose sha256 the old lock does not accept."""
    accepted = adoption.hashes.get(change.name, frozenset())
    for path in change.files if accepted else ():
        is_locked = same_version(parse_filename(path.name).version, pin)
        if is_locked and not accepted & {*outcome.hashes.get(path, ())}:
            yield (
                f"{change.name} {pin} was locked with other files: the sha256 of {path.name} is not "
                "in the old lock"
            )
