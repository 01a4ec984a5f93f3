"""The virtualenv in which a tarball is built: it holds the build requirements and nothing else."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from bootstrapper.errors import WorkFailed
from bootstrapper.ve.install.generated_files import GeneratedFiles
from bootstrapper.ve.install.tree import Tree
from bootstrapper.ve.install.tree_installer import TreeInstaller
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.project import largest_wheel
from bootstrapper.ve.python.interpreter import Interpreter
from bootstrapper.ve.standards.filename import Tarball
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_metadata_requirement,
)
from bootstrapper.ve.standards.version import InvalidVersion
from bootstrapper.ve.store.built_wheels import BuiltWheel
from bootstrapper.ve.store.context import Context
from bootstrapper.ve.store.entry import NamedEntry
from bootstrapper.ve.system.file_installer import FileInstaller
from bootstrapper.ve.wheel.tarball import tarball_error
from bootstrapper.ve.wheel.wheel import WheelFile


class BuildFirst(Exception):
    """A build requirement is itself a tarball, `file`, which must be built first."""

    def __init__(self, file: LockedFile) -> None:
        super().__init__(file.path.name)
        self.file = file


class BuildRequirements:
    """The vendored files that builds can use: the tools first, then the application's files."""

    def __init__(
        self,
        context: Context,
        tools: Sequence[LockedFile],
        files: Sequence[LockedFile],
    ) -> None:
        self._project = context.project.directory
        self._environment = context.interpreter.environment
        self._largest = largest_wheel(self._project)
        self._files: dict[str, list[LockedFile]] = {}
        for file in (*tools, *files):
            self._files.setdefault(file.distribution.name, []).append(file)

    def resolve(
        self,
        wanted: Iterable[str],
        asking: LockedFile,
        *,
        next_step: str,
        built: Mapping[PurePosixPath, BuiltWheel],
    ) -> list[LockedFile]:
        """Return the files for a tarball's build requirements and for their dependencies, by name.

        Raise BuildFirst if one is an unbuilt tarball. Raise WorkFailed with `next_step` if no vendored
        file satisfies a requirement.
        """
        chosen: dict[str, LockedFile] = {}
        seen: set[tuple[str, frozenset[str]]] = set()
        waiting = [(text, frozenset({""})) for text in wanted]
        while waiting:
            text, extras = waiting.pop()
            requirement = _requirement(text, asking)
            if not any(requirement.applies(self._environment, extra) for extra in extras):
                continue
            file = self._choose(requirement, asking, next_step)
            name = requirement.name
            if (name, requirement.extras) in seen:
                continue
            seen.add((name, requirement.extras))
            chosen[name] = file
            waiting += [(each, requirement.extras | {""}) for each in self._requires(file, built)]
        return [chosen[name] for name in sorted(chosen)]

    def _choose(self, requirement: Requirement, asking: LockedFile, next_step: str) -> LockedFile:
        files = self._files.get(requirement.name, [])
        for file in files:
            try:
                # Pre-releases count: the project has asked for those in its lock.
                if file != asking and requirement.allows(file.distribution.version):
                    return file
            except InvalidVersion:
                continue
        has = " and ".join(file.path.name for file in files if file != asking)
        raise WorkFailed(
            str(asking.path),
            f"its build needs {requirement.text}, "
            + (f"but {has} is vendored" if has else "which is not vendored"),
            next_step,
        )

    def _requires(self, file: LockedFile, built: Mapping[PurePosixPath, BuiltWheel]) -> list[str]:
        path = self._project / file.path
        if isinstance(file.distribution, Tarball):
            if file.path not in built:
                raise BuildFirst(file)
            path = built[file.path].path
        with WheelFile(path, str(file.path), largest=self._largest) as wheel:
            return wheel.requirements


def create(place: Path, interpreter: Interpreter, parts: Sequence[NamedEntry]) -> None:
    """Create a virtualenv for builds as PEP 405 defines it, without activation scripts and pip."""
    tree = Tree(parts)
    tree.refuse_replacing(["bin/python", "bin/python3", "pyvenv.cfg"], ["bin", interpreter.site])
    place.mkdir()
    TreeInstaller(place, tree, FileInstaller("auto")).install(jobs=1, done=lambda _: None)
    for folder in ("bin", interpreter.site):
        (place / folder).mkdir(parents=True, exist_ok=True)
    python = place / "bin/python"
    python.symlink_to(interpreter.executable)
    (place / "bin/python3").symlink_to("python")
    (place / "pyvenv.cfg").write_text(
        f"home = {interpreter.executable.parent}\ninclude-system-site-packages = false\n",
        encoding="utf-8",
    )
    GeneratedFiles(os.fspath(python), interpreter).write(tree, place)


def _requirement(text: str, asking: LockedFile) -> Requirement:
    try:
        return parse_metadata_requirement(text)
    except InvalidRequirement as error:
        raise tarball_error(
            str(asking.path), f"its build requirement can't be read: {error}"
        ) from None
