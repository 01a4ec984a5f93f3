"""Say where the vendored versions differ from those that the project had locked."""

from collections.abc import Iterator

from bootstrapper.ve.standards.version import same_version
from vendor_fetch.adopt.adoption import Adoption
from vendor_fetch.sync.request import Outcome


def deviations(adoption: Adoption, outcome: Outcome) -> Iterator[str]:
    """Yield a line for each locked version that another one replaces, or that nothing asks for.

    A project of Django without Django has one, too.
    """
    vendored = {each.name: each.new for each in outcome.changes}
    if vendored and not vendored.get("django"):
        yield "django is not vendored, because no line that was taken asks for it"
    for name, versions in adoption.locked.items():
        locked = " or ".join(versions)
        if name not in vendored:
            yield f"{name} {locked} was locked, and nothing asks for it on the targets"
            continue
        others = [
            new for new in vendored[name] if not any(same_version(new, each) for each in versions)
        ]
        if others and len(others) < len(vendored[name]):
            yield f"{name} {locked} was locked and stays; bootstrap.py runs with {', '.join(others)}"
        elif others:
            yield (
                f"{name} {locked} was locked; {', '.join(others)} is vendored, because the "
                "requirements or the index do not allow it"
            )
