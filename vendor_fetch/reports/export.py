"""Write the lock in other formats: pylock.toml, a requirements file with hashes, a wheelhouse."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.quoting import quoted
from bootstrapper.ve.project import project
from bootstrapper.ve.project.lockfile import LockedFile
from bootstrapper.ve.project.vendored_files import sha256_of
from bootstrapper.ve.standards.filename import Wheel
from vendor_fetch.program import program_command, retry_command
from vendor_fetch.project.locks import files_for_target
from vendor_fetch.project.target import Target, named_targets
from vendor_fetch.reports.distributions import Distribution, distributions

FORMATS = ("pylock", "requirements", "wheelhouse")
# PEP 751, "File Name"
_PYLOCK_NAME = re.compile(r"pylock\.(?:[^.]+\.)?toml")


def requirements(vendored: Iterable[Distribution]) -> str:
    """Return a requirements file: `name==version` with markers and hashes, no addresses.

    `pip install --require-hashes --no-index --find-links DIRECTORY` takes it.
    """
    lines = []
    for each in vendored:
        for marker, files in _by_marker(each):
            condition = f" ; {marker}" if marker else ""
            hashes = dict.fromkeys(digest for file in files for digest in file.sha256)
            lines += [
                f"{each.name}=={each.version}{condition}",
                *(f"    --hash=sha256:{digest}" for digest in hashes),
            ]
    return re.sub(r"\n(?=    )", " \\\n", "".join(f"{line}\n" for line in lines))


def pylock(directory: Path, vendored: Iterable[Distribution], base: Path) -> str:
    """Return the lock as pylock.toml (PEP 751). Paths are relative to the directory `base`.

    A package has a table for each marker, because the markers of PEP 751 belong to packages.
    """
    lines = ['lock-version = "1.0"', 'created-by = "vendor_fetch"']
    if required := project.requires_python(directory):
        lines.append(f"requires-python = {_text(required)}")
    blocks = ["\n".join(lines)]
    for each in vendored:
        for marker, files in _by_marker(each):
            blocks.append("\n".join(_package(each, marker, files, directory, base)))
    # `packages` is a required key, also if it is empty.
    return "\n\n".join(blocks if blocks[1:] else [f"{blocks[0]}\npackages = []"]) + "\n"


def write_wheelhouse(
    directory: Path, lists: Mapping[str, Iterable[LockedFile]], output: Path
) -> int:
    """Copy vendored files into a new directory; return how many.

    `lists` are the files by the name of the requirements file to write for them. The directory
    appears by one rename when it is whole. Raise InputError if there is something at its place, and
    WorkFailed if a copy differs from its line.
    """
    refuse_existing(output)
    files = {file.path: file for listed in lists.values() for file in listed}
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}.", dir=output.parent) as scratch:
        made = Path(scratch) / "wheelhouse"
        made.mkdir()
        for file in files.values():
            copy = made / file.path.name
            shutil.copyfile(directory / file.path, copy)
            if sha256_of(copy) not in file.sha256:
                raise WorkFailed(
                    str(file.path), "changed while it was copied", f"{retry_command()}  # again"
                )
        for name, listed in lists.items():
            (made / name).write_text(requirements(distributions(listed)), encoding="utf-8")
        made.rename(output)
    return len(files)


def refuse_two_versions(vendored: Iterable[Distribution], targets: Sequence[Target]) -> None:
    """Raise InputError if a target takes two versions of a package: no installer does.

    The application and bootstrap.py may need different ones. `targets` include the micro versions
    that markers tell apart.
    """
    seen: dict[str, list[tuple[str, list[Target]]]] = {}
    for each in vendored:
        taking = [target for target in targets if files_for_target(each.files, target)]
        for version, others in seen.setdefault(each.name, []):
            if both := [target for target in taking if target in others]:
                named = named_targets(both, targets)
                raise InputError(
                    "export",
                    f"the locks have {each.name} {version} and {each.version}"
                    f"{f' for {named}' if named else ''}, of which an installer takes one",
                    f"{retry_command()}  # without --tools, or with --format wheelhouse",
                )
        seen[each.name].append((each.version, taking))


def refuse_existing(output: Path) -> None:
    """Raise InputError if there is something at the place of a wheelhouse but an empty directory."""
    if output.is_symlink() or (output.exists() and not _is_empty_directory(output)):
        raise InputError(
            str(output),
            "is there already, and it is not an empty directory",
            f"ls -la {quoted(str(output))}  # remove it, or name another one with --output",
        )


def refuse_name(output: Path) -> None:
    """Raise InputError if installers would not take a file for a pylock.toml."""
    if not _PYLOCK_NAME.fullmatch(output.name):
        command = program_command("export", "--format", "pylock", "--output", "pylock.toml")
        raise InputError(
            "--output",
            f"{output.name!r} must be pylock.toml or pylock.NAME.toml (PEP 751)",
            command,
        )


def _is_empty_directory(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _by_marker(distribution: Distribution) -> Iterator[tuple[str, list[LockedFile]]]:
    """Yield the markers of a distribution's files, with the files of each."""
    found: dict[str, list[LockedFile]] = {}
    for file in distribution.files:
        found.setdefault(str(file.marker or ""), []).append(file)
    yield from sorted(found.items())


def _package(
    distribution: Distribution, marker: str, files: list[LockedFile], directory: Path, base: Path
) -> Iterator[str]:
    yield "[[packages]]"
    yield f"name = {_text(distribution.name)}"
    yield f"version = {_text(distribution.version)}"
    if marker:
        yield f"marker = {_text(marker)}"
    wheels = [file for file in files if isinstance(file.distribution, Wheel)]
    if wheels:
        yield "wheels = ["
        for file in wheels:
            yield f"    {_file(file, directory, base)},"
        yield "]"
    for file in files:
        if file not in wheels:
            yield f"sdist = {_file(file, directory, base)}"


def _file(file: LockedFile, directory: Path, base: Path) -> str:
    path = directory / file.path
    relative = Path(os.path.relpath(path, base)).as_posix()
    return (
        f"{{ name = {_text(file.path.name)}, path = {_text(relative)}, "
        f"size = {path.stat().st_size}, hashes = {{ sha256 = {_text(file.sha256[0])} }} }}"
    )


def _text(text: str) -> str:
    """Return a text as a basic string of TOML."""
    escaped = "".join(
        f"\\u{ord(letter):04x}" if ord(letter) < 0x20 or letter == "\x7f" else letter
        for letter in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'
