"""Warn of dependencies whose markers depend on what a target does not tell, such as the kernel."""

import re
from collections.abc import Iterable, Iterator

from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.requirement import Requirement
from vendor_fetch.graph.distributions import Distributions
from vendor_fetch.project.project import APPS_IN, VendorProject

UNKNOWN = frozenset({"platform_release", "platform_version"})
_TEXT = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_MOST_NAMES = 3


def unknown_marker_warnings(
    project: VendorProject, files: Iterable[LockedFile], distributions: Distributions
) -> Iterator[str]:
    """Yield a warning for each file that asks for packages which some machines would need."""
    files = list(files)
    vendored = {file.distribution.name for file in files}
    for file in files:
        left_out = {
            each.name: None
            for each in distributions.dependencies(file).requirements
            if each.name not in vendored and _may_apply(each, project)
        }
        if left_out:
            names = list(left_out)
            others = len(names) - _MOST_NAMES
            more = f" and {others} more" if others > 0 else ""
            yield (
                f"warning: {file.distribution.name} asks some machines for "
                f"{', '.join(names[:_MOST_NAMES])}{more}, by platform_release or platform_version, "
                f"which no target tells: name in {APPS_IN} what you need of them"
            )


def _may_apply(requirement: Requirement, project: VendorProject) -> bool:
    """Return whether a marker with an unknown variable holds on some machine of a target."""
    marker = requirement.marker
    if not marker or not marker.variables & UNKNOWN:
        return False
    named = [one or other for one, other in _TEXT.findall(marker.text)]
    return any(
        marker.holds({**target.environment, **dict.fromkeys(UNKNOWN, value)})
        for target in project.targets
        for value in ("0", "9999", *named)
    )
