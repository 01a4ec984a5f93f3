"""Build wheels from tarballs, `jobs` at a time, each in its own process."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.next_step import edit
from bootstrapper.program import VENDOR
from bootstrapper.ve.builder import environment, process
from bootstrapper.ve.builder.backend import BuildTask
from bootstrapper.ve.builder.environment import BuildFirst, BuildRequirements
from bootstrapper.ve.builder.process import BuildProcesses
from bootstrapper.ve.project.lockfile import APPS, BUILDS_WITH, TOOLS, LockedFile, read_records
from bootstrapper.ve.project.project import build_requires
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import InvalidFilename, Wheel, parse_filename
from bootstrapper.ve.standards.version import InvalidVersion, Version
from bootstrapper.ve.store.built_wheels import BuiltWheel, BuiltWheelCache
from bootstrapper.ve.store.context import Context
from bootstrapper.ve.store.store import probe
from bootstrapper.ve.unpack.provide import provide_entries
from bootstrapper.ve.wheel.tarball import build_system, tarball_error, with_project


class WheelBuilder:
    """Builds the tarballs of one project."""

    def __init__(
        self,
        context: Context,
        files: Sequence[LockedFile],
        tools: Sequence[LockedFile],
        cache: BuiltWheelCache,
    ) -> None:
        self._context = context
        self._project = context.project.directory
        self._requirements = BuildRequirements(context, tools, files)
        self._tools = {file.path for file in tools}
        self._cache = cache
        self._built: dict[PurePosixPath, BuiltWheel] = {}
        self._pythons: dict[tuple[PurePosixPath, ...], Path] = {}
        # The declared build requirements of tarballs, and those that their backends asked for.
        self._declared: dict[PurePosixPath, tuple[str, ...]] = {}
        self._asked: dict[PurePosixPath, list[str]] = {}
        self._build_requires = build_requires(self._project)
        self._recorded = {
            **read_records(self._project, TOOLS),
            **read_records(self._project, APPS),
        }

    def build(self, tarballs: Sequence[LockedFile]) -> Mapping[PurePosixPath, BuiltWheel]:
        """Return a wheel for each tarball, and for the tarballs that they need for their builds.

        Build in rounds. A tarball waits for the next round if its backend asks for more requirements,
        or if a requirement is itself an unbuilt tarball. Raise WorkFailed.
        """
        waiting = list(tarballs)
        with (
            self._context.store.unfinished() as directory,
            self._context.progress.step("build", len(tarballs)) as step,
        ):
            while waiting:
                ready, waiting = self._divide(waiting)
                self._make_environments(ready, directory)
                for file, built in self._round(ready, directory):
                    if built is None:
                        waiting.append(file)
                        continue
                    self._built[file.path] = built
                    if file in tarballs:
                        step.advance(name=file.path.name)
        return self._built

    def _divide(
        self, waiting: list[LockedFile]
    ) -> tuple[dict[LockedFile, list[LockedFile]], list[LockedFile]]:
        """Return the tarballs that can be built now, with what they need, and the others."""
        ready: dict[LockedFile, list[LockedFile]] = {}
        later: list[LockedFile] = []
        for file in waiting:
            try:
                ready[file] = self._needs(file)
            except BuildFirst as need:
                later.append(file)
                if need.file not in waiting:
                    waiting.append(need.file)  # this loop will reach it
        if not ready:
            names = ", ".join(sorted(file.path.name for file in later))
            raise tarball_error(
                str(later[0].path), f"its build needs tarballs that need each other: {names}"
            )
        return ready, later

    def _needs(self, file: LockedFile) -> list[LockedFile]:
        place = str(file.path)
        if file.path not in self._declared:
            own = build_system(self._project / file.path, place).requires
            recorded = self._recorded.get(file.path.name, {}).get(BUILDS_WITH, ())
            own = (*own, *(each for each in recorded if each not in own))
            # The project's build requirements may name this tool.
            more = () if file.path in self._tools else self._build_requires
            self._declared[file.path] = with_project(own, more)
        asked = self._asked.get(file.path, [])
        self._requirements.resolve(
            self._declared[file.path], file, next_step=VENDOR, built=self._built
        )
        return self._requirements.resolve(
            [*self._declared[file.path], *asked],
            file,
            next_step=edit(
                "pyproject.toml",
                f"add it to build-requires of [tool.vendor_fetch], then: {VENDOR}",
            ),
            built=self._built,
        )

    def _make_environments(
        self, ready: Mapping[LockedFile, list[LockedFile]], directory: Path
    ) -> None:
        """Create one for each set of build requirements; a project has few different sets."""
        for needs in ready.values():
            if _paths(needs) in self._pythons:
                continue
            place = directory / f"ve-{len(self._pythons)}"
            entries = provide_entries(self._context, needs, self._built)
            environment.create(place, self._context.interpreter, entries)
            self._pythons[_paths(needs)] = place / "bin/python"

    def _round(
        self, ready: Mapping[LockedFile, list[LockedFile]], directory: Path
    ) -> Iterator[tuple[LockedFile, BuiltWheel | None]]:
        """Yield each tarball with its wheel; None for one whose backend asks for more requirements."""
        processes = BuildProcesses()
        with ThreadPoolExecutor(self._context.jobs) as threads:
            try:
                # Largest first, so that no process starts a large tarball at the end.
                order = sorted(ready, key=lambda file: -(self._project / file.path).stat().st_size)
                building = {
                    threads.submit(self._one, file, ready[file], directory, processes): file
                    for file in order
                }
                for each in as_completed(building):
                    yield building[each], each.result()
            except BaseException:
                processes.stop()
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _one(
        self, file: LockedFile, needs: list[LockedFile], directory: Path, processes: BuildProcesses
    ) -> BuiltWheel | None:
        with tempfile.TemporaryDirectory(dir=directory, ignore_cleanup_errors=True) as own:
            place, log = Path(own), Path(own) / "build.log"
            asked = self._asked.get(file.path, [])
            task = BuildTask(
                tarball=os.fspath(self._project / file.path),
                name=str(file.path),
                source=f"{own}/source",
                into=f"{own}/wheel",
                answer=f"{own}/answer.json",
                provided=asked,
            )
            answer = processes.run(task, self._pythons[_paths(needs)], place, log)
            match answer:
                case {"failed": [where, text, next_step]}:
                    raise WorkFailed(where, text, next_step)
                case {"requires": requires}:
                    self._asked[file.path] = [*asked, *requires]
                    return None
                case {"wheel": name} if os.path.isfile(f"{task.into}/{name}"):
                    return self._keep(file, needs, Path(task.into), name, log)
            probe(place)  # raises OSError if the build failed because the disk is full
            raise process.build_error(file, self._kept_log(file, log), self._build_requires)

    def _keep(
        self, file: LockedFile, needs: list[LockedFile], made: Path, name: str, log: Path
    ) -> BuiltWheel:
        self._check(file, name)
        place = self._cache.place(file)
        built = BuiltWheel(
            path=place / name,
            sha256=sha256_of(made / name),
            built_with={
                str(each.path): each.sha256[0] for each in needs if each.path not in self._tools
            },
        )
        log.rename(made / log.name)
        built.write(made)
        self._context.store.publish(made, place)
        return built

    def _check(self, file: LockedFile, name: str) -> None:
        """Raise WorkFailed if the wheel does not match the tarball's name or the interpreter."""
        expected = file.distribution
        try:
            wheel = parse_filename(name)
            same = wheel.name == expected.name and (
                Version(wheel.version) == Version(expected.version)
            )
        except (InvalidFilename, InvalidVersion):
            same = False
        if not same:
            raise tarball_error(str(file.path), f"its build made the wheel of another: {name}")
        assert isinstance(wheel, Wheel)
        if not self._context.interpreter.tags.keys() & set(wheel.tags):
            raise tarball_error(
                str(file.path),
                f"its build made a wheel that is not for {self._context.interpreter}: {name}",
            )

    def _kept_log(self, file: LockedFile, log: Path) -> Path:
        """Copy the log of a failed build to a place where it stays, and return that.

        A store that this rebuild will remove is no such place.
        """
        if self._context.store.root.is_relative_to(self._project):
            handle, name = tempfile.mkstemp(prefix=f"{file.path.name}-", suffix=".log")
            os.close(handle)
            place = Path(name)
        else:
            place = self._context.store.root / "logs" / f"{file.path.name}.log"
            place.parent.mkdir(exist_ok=True)
        if log.exists():
            place.write_bytes(log.read_bytes())
        return place


def _paths(files: Sequence[LockedFile]) -> tuple[PurePosixPath, ...]:
    return tuple(file.path for file in files)
