"""Select the vendored files for an interpreter: one for each distribution, by markers and tags."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bootstrapper.errors import WorkFailed
from bootstrapper.program import VENDOR
from bootstrapper.ve.project.file_cache import once_for_a_file
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.python.interpreter import Interpreter, another_python
from bootstrapper.ve.standards.filename import Tarball, Wheel
from bootstrapper.ve.standards.requirement import (
    InvalidRequirement,
    Requirement,
    parse_metadata_requirement,
)

_Rank = tuple[int, int, str]


def select_files(
    files: Iterable[LockedFile],
    interpreter: Interpreter,
    *,
    project: Path,
    wanted: Sequence[str] = (),
) -> list[LockedFile]:
    """Return the files to install, in the lock's order.

    If several wheels of a distribution fit, return the one with the best tags. `wanted` are the
    lines of apps.in. Raise WorkFailed if a needed distribution has no file that fits, or if the
    files that fit have different versions.
    """
    by_name: dict[str, list[LockedFile]] = defaultdict(list)
    for file in files:
        by_name[file.distribution.name].append(file)
    chosen, skipped = [], {}
    for name, lines in by_name.items():
        holding = [
            file
            for file in lines
            if file.marker is None or file.marker.holds(interpreter.environment)
        ]
        if holding:
            chosen.append(_best(holding, interpreter))
        else:
            skipped[name] = lines
    if skipped:
        _refuse_missing(skipped, chosen, interpreter, project, wanted)
    order = {file.path: number for number, file in enumerate(files)}
    return sorted(chosen, key=lambda file: order[file.path])


def _best(lines: list[LockedFile], interpreter: Interpreter) -> LockedFile:
    versions = {line.distribution.version for line in lines}
    if len(versions) > 1:
        raise WorkFailed(
            lines[1].place,
            f"{lines[1].path.name}: line {lines[0].line} has another version, {lines[0].path.name}",
            VENDOR,
        )
    ranked = [(rank, line) for line in lines if (rank := _rank(line, interpreter)) is not None]
    if not ranked:
        raise _unfit(lines, interpreter)
    return min(ranked, key=lambda each: each[0])[1]


def _rank(line: LockedFile, interpreter: Interpreter) -> _Rank | None:
    """Return the rank of a file, smallest first; None if it does not fit.

    Better tags come first, then higher build numbers. A tarball always fits, and comes last.
    """
    match line.distribution:
        case Tarball():
            return (len(interpreter.tags), 0, "")
        case Wheel(tags=tags, build=(number, rest)):
            ranks = [interpreter.tags[tag] for tag in tags if tag in interpreter.tags]
            return (min(ranks), -number, rest) if ranks else None


def _unfit(lines: list[LockedFile], interpreter: Interpreter) -> WorkFailed:
    has = "; ".join(f"{line.path.name} is for {' '.join(_tags(line))}" for line in lines)
    best = ", ".join(list(interpreter.tags)[:2])
    return WorkFailed(
        lines[0].place,
        f"no vendored file of {lines[0].distribution.name} fits {interpreter}: {has}; this "
        f"interpreter accepts {best}, … py3-none-any",
        f"{VENDOR}  # vendors a file for this Python; or rebuild with the vendored one: "
        + another_python(interpreter.executable, _pythons(lines)),
    )


def _pythons(lines: list[LockedFile]) -> set[str]:
    """Return the versions of CPython in the tags of wheels, such as 3.12 for `cp312`."""
    matches = (re.match(r"cp(\d)(\d+)-", tag) for line in lines for tag in _tags(line))
    return {f"{match[1]}.{match[2]}" for match in matches if match}


def _tags(line: LockedFile) -> tuple[str, ...]:
    distribution = line.distribution
    return distribution.tags if isinstance(distribution, Wheel) else ()


def _refuse_missing(
    skipped: dict[str, list[LockedFile]],
    chosen: list[LockedFile],
    interpreter: Interpreter,
    project: Path,
    wanted: Sequence[str],
) -> None:
    """Raise WorkFailed if a distribution is needed but no line of it is for this interpreter.

    A marker can leave a distribution out because nothing needs it there (colorama outside Windows),
    or because the lock is for another Python. The requirements in apps.in and in the metadata of
    the chosen wheels show which.
    """
    from bootstrapper.ve.project.project import largest_wheel  # rarely needed

    largest = largest_wheel(project)
    requirements: dict[str, Sequence[Requirement]] = {}
    for file in chosen:
        if isinstance(file.distribution, Wheel):
            requirements[file.distribution.name] = _requirements(
                project / file.path, str(file.path), largest
            )
    for name in _required(list(_read(wanted)), requirements, interpreter):
        if name in skipped:
            raise _unfit(skipped[name], interpreter)


@once_for_a_file  # vendor_fetch selects the files of many targets
def _requirements(path: Path, place: str, largest: int) -> tuple[Requirement, ...]:
    """Return the requirements of a wheel."""
    from bootstrapper.ve.wheel.wheel import WheelFile

    with WheelFile(path, place, largest=largest) as wheel:
        return tuple(_read(wheel.requirements))


def _required(
    wanted: Sequence[Requirement],
    requirements: Mapping[str, Sequence[Requirement]],
    interpreter: Interpreter,
) -> set[str]:
    """Return the names that the wanted distributions need, themselves or indirectly.

    `requirements` are those of the chosen distributions. A distribution that nothing wanted leads to
    counts as wanted: some tarballs do not say what they depend on.
    """
    needed: set[tuple[str, str]] = set()  # name and extra
    queue = [(each, "") for each in wanted]
    queue += [(each, "") for name in requirements for each in requirements[name]]
    while queue:
        requirement, extra = queue.pop()
        if requirement.applies(interpreter.environment, extra):
            for wanted_extra in {"", *requirement.extras}:
                if (requirement.name, wanted_extra) not in needed:
                    needed.add((requirement.name, wanted_extra))
                    others = requirements.get(requirement.name, ()) if wanted_extra else ()
                    queue += [(each, wanted_extra) for each in others]
    return {name for name, _ in needed}


def _read(texts: Iterable[str]) -> Iterator[Requirement]:
    for text in texts:
        try:
            yield parse_metadata_requirement(text)
        except InvalidRequirement:
            continue  # old metadata may violate PEP 508; such a requirement is ignored
