"""Record what tarballs need: ask each build backend once, and keep its answers in the cache."""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from bootstrapper.progress import Progress
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.standards.filename import Tarball
from vendor_fetch.atomic_file import write_file
from vendor_fetch.backend.virtualenvs import Virtualenvs
from vendor_fetch.graph.metadata import declared_build_requirements, dependencies
from vendor_fetch.missing_tool import missing_hooks
from vendor_fetch.private_directory import make_private
from vendor_fetch.project.locks import Records, TarballRecord
from vendor_fetch.project.project import VendorProject
from vendor_fetch.resolve.uv_run import SearchScope

# A new number makes older answers in the cache void.
_FORMAT = "1"


@dataclass(frozen=True, kw_only=True)
class TarballRecorder:
    """Makes the records of the tarballs of a project.

    `directory` keeps the answers of build backends for later runs and other projects.
    """

    project: VendorProject
    scope: SearchScope
    directory: Path
    progress: Progress
    warn: Callable[[str], None]

    def records(self, files: Iterable[LockedFile], known: Records) -> dict[str, TarballRecord]:
        """Return the records of the tarballs among the files; `known` ones are not asked again."""
        tarballs = [file for file in files if isinstance(file.distribution, Tarball)]
        found = {file.path.name: self._known(file, known) for file in tarballs}
        unknown = [file for file in tarballs if found[file.path.name] is None]
        if unknown:
            found |= self._ask_all(unknown)
        return {name: record for name, record in found.items() if record}

    def _ask_all(self, files: Sequence[LockedFile]) -> dict[str, TarballRecord | None]:
        with (
            tempfile.TemporaryDirectory(prefix="vendor-fetch-") as directory,
            self.progress.step("asked", len(files)) as step,
            ThreadPoolExecutor() as pool,
        ):
            virtualenvs = Virtualenvs(
                Path(directory), self.project.directory, self.scope, self.project.build_requires
            )
            found: dict[str, TarballRecord | None] = {}
            records = pool.map(lambda file: self._ask(file, virtualenvs), files)
            for file, record in zip(files, records, strict=True):
                found[file.path.name] = record
                step.advance(1, file.path.name)
            return found

    def _known(self, file: LockedFile, known: Records) -> TarballRecord | None:
        """Return the record of a lock or of the cache, if it is complete."""
        path = self.project.vendored / file.path
        declared = set(declared_build_requirements(path))
        is_dynamic = not dependencies(path).known
        for record in (known.get(file.path.name), self._read(file)):
            if (
                record
                and declared <= set(record.build_requires)
                and (record.requires is not None) == is_dynamic
            ):
                return record
        return None

    def _ask(self, file: LockedFile, virtualenvs: Virtualenvs) -> TarballRecord:
        try:
            # Imported late: `check` must work in a project's ve, which has no pyproject_hooks.
            from vendor_fetch.backend.hooks import ask
        except ImportError as error:
            raise missing_hooks(error) from None
        path = self.project.vendored / file.path
        record = ask(
            path,
            declared=declared_build_requirements(path),
            with_dependencies=not dependencies(path).known,
            project=self.project,
            virtualenvs=virtualenvs,
            warn=self.warn,
        )
        entry = self._entry(file)
        make_private(entry.parent, self.directory.parent)
        write_file(entry, json.dumps(asdict(record)).encode())
        return record

    def _entry(self, file: LockedFile) -> Path:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return self.directory / _FORMAT / version / f"{file.sha256[0]}.json"

    def _read(self, file: LockedFile) -> TarballRecord | None:
        try:
            answer = json.loads(self._entry(file).read_text(encoding="utf-8"))
            requires = answer["requires"]
            return TarballRecord(
                build_requires=tuple(map(str, answer["build_requires"])),
                requires=None if requires is None else tuple(map(str, requires)),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
