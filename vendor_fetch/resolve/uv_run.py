"""Run uv with the permitted settings of the user, and with additional build requirements."""

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import parse_requirement
from bootstrapper.ve.wheel import undeclared
from vendor_fetch.index.declared import declared_indexes
from vendor_fetch.index.index import Index
from vendor_fetch.index.page_cache import PageCache
from vendor_fetch.index.uv import INDEX_VARIABLES, find_uv, permitted_environment, uv_settings
from vendor_fetch.project.project import BESIDE
from vendor_fetch.resolve.memory import limited
from vendor_fetch.resolve.named_files import refuse_named_files
from vendor_fetch.resolve.uv_failure import failed_build

# uv can't find or satisfy the build requirements of a tarball.
_UNAVAILABLE = re.compile(r"Failed to resolve requirements from|[Nn]o solution found")


@dataclass(frozen=True, kw_only=True)
class SearchScope:
    """Where uv looks for packages.

    Without an `index`, uv looks at the files in `source` only. With both, it looks at them besides
    the index: an extra index may have a locked version without the file that fits. `pages` says
    which project pages of earlier runs uv may use; without it, that is left to the index. `cached`
    has the files of the cache, which stand in for the index if that is forbidden (`offline`).
    """

    index: Index | None = None
    source: Path | None = None
    offline: bool = False
    pages: PageCache | None = None
    cached: Path | None = None

    def arguments(self) -> list[str]:
        """Return the arguments of uv for this scope."""
        if self.index is None:
            return ["--offline", "--no-index", "--find-links", str(self.source)]
        return [
            *(["--offline"] if self.offline else []),
            *(["--no-index"] if self.index.no_index else []),
        ]

    def must_refresh(self, target: object) -> bool:
        """Return whether uv must ask the index even for what it has cached."""
        asks = self.index is not None and not self.offline
        return asks and self.pages is not None and self.pages.must_refresh(target)

    def environment(self, uv_toml: Path) -> dict[str, str]:
        """Return the environment of uv, which runs in the project's directory."""
        environment = {**permitted_environment(os.environ), "UV_CONFIG_FILE": str(uv_toml)}
        if self.index is None:
            return {
                name: value for name, value in environment.items() if name not in INDEX_VARIABLES
            }
        environment |= self.index.environment
        cached = self.cached if self.offline and self.cached and self.cached.is_dir() else None
        links = [*map(str, filter(None, (self.source, cached))), environment.get("UV_FIND_LINKS")]
        if any(links):
            environment["UV_FIND_LINKS"] = ",".join(filter(None, links))
        return environment


class Uv:
    """uv with the permitted settings of the user, in the directory of a project."""

    def __init__(
        self, project: Path, scope: SearchScope, scratch: Path, build_requires: Sequence[str]
    ) -> None:
        self._project = project
        self.scope = scope
        self._uv_toml = scratch / "uv.toml"
        self._settings = uv_settings(project)
        self._build_requires = list(build_requires)
        self._extra_build: dict[str, list[str]] = {}

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run uv. Repeat with additional build requirements after a failed build.

        If no index has what the build has missed, return the run that has missed it.
        """
        missing = None
        while True:
            environment = self._configure()
            run = subprocess.run(
                limited([find_uv(), *arguments]),
                cwd=self._project,
                check=False,
                stdin=subprocess.DEVNULL,
                env={**environment, **variables},
                capture_output=True,
                text=True,
            )
            if missing and _UNAVAILABLE.search(run.stderr):
                return missing
            if not run.returncode or not self._add_build_requirement(run.stderr):
                return run
            missing = run

    def _configure(self) -> dict[str, str]:
        """Write the uv.toml, and return the environment of a run."""
        settings, environment = self._settings, self.scope.environment(self._uv_toml)
        pages = self.scope.pages
        if self.scope.index is not None and pages and pages.seconds:
            table, environment = declared_indexes(
                settings.settings, environment, self._project, pages.seconds
            )
            settings = replace(settings, settings=table)
            pages.begin()
        text = settings.uv_toml(
            with_index=self.scope.index is not None, extra_build=self._extra_build
        )
        self._uv_toml.write_text(text, encoding="utf-8")
        return environment

    def _add_build_requirement(self, output: str) -> bool:
        """Add what a failed build has missed; return False if that is not known, or was added."""
        failed = failed_build(output)
        if not failed:
            return False
        extra = self._extra_build.setdefault(canonical_name(failed), [])
        missed = undeclared.requirement(output)
        for requirements in (
            without_package(self._build_requires, failed),
            [missed] if missed else [],
        ):
            if new := [each for each in requirements if each not in extra]:
                extra += new
                return True
        return False

    def refuse_named_files(self, addresses: Iterable[str]) -> None:
        """Raise WorkFailed if an index of a network has named a file of this machine."""
        index = self.scope.index
        if index is not None and not index.no_index:
            environment = self.scope.environment(self._uv_toml)
            refuse_named_files(addresses, self._settings, environment, self._project)

    def with_user_files(self, output: str) -> str:
        """Return uv's output with the names of the user's configuration files."""
        # A changed apps.in is beside the real one.
        output = output.replace(f"{BESIDE}/", "")
        return self._settings.with_user_files(output, self._uv_toml)


def without_package(build_requires: Sequence[str], name: str) -> list[str]:
    """Return the build requirements but that of a package itself, whose build would never begin."""
    return [each for each in build_requires if parse_requirement(each).name != canonical_name(name)]
