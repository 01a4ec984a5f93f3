"""Audit the vendored files of a project with the advisories that the user or the project names."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from vendor_fetch.graph.chains import Chains
from vendor_fetch.project.project import VendorProject
from vendor_fetch.reports.advisories import Advisories, read_advisories, refuse_old, unusable
from vendor_fetch.reports.advisory_source import advisory_file
from vendor_fetch.reports.audit import Finding, findings
from vendor_fetch.reports.distributions import Distribution, distributions
from vendor_fetch.reports.osv import InvalidAdvisory
from vendor_fetch.reports.settings import Ignore, read_settings


def usable_advisories(
    project: VendorProject,
    path: Path | None,
    max_age: str | None,
    now: datetime,
    progress: Progress,
) -> Advisories:
    """Return the advisories of a file, or of the project's setting. Raise InputError."""
    setting = read_settings(project.directory).advisories
    advisories = read_advisories(path or advisory_file(setting, project.directory, progress))
    if max_age is not None:
        refuse_old(advisories, max_age, now)
    return advisories


def audited(
    project: VendorProject,
    files: Iterable[LockedFile],
    advisories: Advisories,
    ignoring: Iterable[Ignore],
    now: datetime,
    *,
    tools: bool,
) -> list[Finding]:
    """Return the findings about locked files; `tools` says whether those of tools.txt are included.

    Those that the project ignores, or the `ignoring` of the user, are marked. Raise InputError if an
    advisory is wrong.
    """
    files = list(files)
    ignored = [*ignoring, *read_settings(project.directory).ignores]
    # A package that can't be explained is still a finding.
    chains = Chains(project, files, tools=tools, lenient=True)
    return _findings(distributions(files), advisories, chains.to, ignored, now)


def version_audit(
    project: VendorProject, advisories: Advisories, now: datetime
) -> Callable[[str, str], list[Finding]]:
    """Return the function that returns the findings about a version, vendored or not.

    Those that the project ignores are left out.
    """
    ignored = read_settings(project.directory).ignores

    def audit(name: str, version: str) -> list[Finding]:
        one = Distribution(name=name, version=version, files=())
        found = _findings([one], advisories, lambda *_: [], ignored, now)
        return [each for each in found if not each.ignored]

    return audit


def _findings(
    vendored: Iterable[Distribution],
    advisories: Advisories,
    chain_to: Callable[[str, str], list[str]],
    ignored: Iterable[Ignore],
    now: datetime,
) -> list[Finding]:
    try:
        return findings(vendored, advisories.records, chain_to, ignored, today=now.date())
    except InvalidAdvisory as error:
        raise unusable(advisories.place, str(error)) from None
