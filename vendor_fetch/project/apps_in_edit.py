"""Add requirements to apps.in, and remove them. Comments and the order of other lines stay."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

from bootstrapper.address import without_passwords
from bootstrapper.errors import InputError
from bootstrapper.ve.project.requirement_lines import LINE_END
from bootstrapper.ve.standards.filename import canonical_name
from bootstrapper.ve.standards.requirement import InvalidRequirement, Requirement
from vendor_fetch.program import program_command
from vendor_fetch.project.apps_in import Line, included_files, requirements_with_lines
from vendor_fetch.project.direct_reference import parse_line
from vendor_fetch.project.project import APPS_IN

# The new content of each changed file, by its path in the project.
Edits = dict[PurePosixPath, bytes]


def add_requirements(
    project: Path, requirements: Iterable[str], names: Mapping[str, str] | None = None
) -> Edits:
    """Return the files with the requirements added; a line for the same package is replaced.

    `names` are the packages of requirements that are an address without a name. Raise InputError for
    a text that is no requirement.
    """
    editor = _Editor(project)
    for text in requirements:
        try:
            requirement = parse_line(text)
        except InvalidRequirement as error:
            example = program_command("add", "Django>=5.2,<5.3")
            raise InputError(
                without_passwords(text), without_passwords(str(error)), example
            ) from None
        if names and text in names:
            requirement = replace(requirement, name=names[text])
        lines = editor.lines_like(requirement)
        if not lines:
            editor.append(text)
        for line in lines[:1]:
            editor.replace(line, text)
        for line in lines[1:]:
            editor.delete(line)
    return editor.edits()


def remove_requirements(project: Path, names: Iterable[str]) -> Edits:
    """Return the files without the lines for the packages. Raise InputError if there is none."""
    editor = _Editor(project)
    for name in names:
        lines = editor.lines_for(canonical_name(name))
        if not lines:
            raise InputError(
                f"{APPS_IN}: {name}",
                "no line asks for it",
                f"{program_command('why', name)}  # prints what does",
            )
        for line in lines:
            editor.delete(line)
    return editor.edits()


class _Editor:
    """The rows of apps.in and of the files that it includes; a deleted row is None."""

    def __init__(self, project: Path) -> None:
        self._lines = list(requirements_with_lines(project))
        self._texts = {
            file: (project / file).read_bytes().decode("utf-8") for file in included_files(project)
        }
        self._rows: dict[PurePosixPath, list[str | None]] = {
            file: [*_rows(text)] for file, text in self._texts.items()
        }
        self._added: list[str] = []

    def lines_for(self, name: str) -> list[Line]:
        """Return the lines that ask for a package."""
        return [line for line, requirement in self._lines if requirement.name == name]

    def lines_like(self, asked: Requirement) -> list[Line]:
        """Return the lines that ask for the package of a requirement, or for its address."""
        return [
            line
            for line, requirement in self._lines
            if (asked.name and requirement.name == asked.name)
            or (asked.url and requirement.url == asked.url)
        ]

    def replace(self, line: Line, text: str) -> None:
        """Replace a line; its comment stays."""
        rows = self._rows[line.file]
        row = rows[line.number - 1] or ""
        if line.last == line.number:
            rows[line.number - 1] = row.replace(line.written, text, 1)
            return
        self.delete(line)
        rows[line.number - 1] = text + (LINE_END.search(row) or [""])[0]

    def delete(self, line: Line) -> None:
        """Delete a line."""
        for number in range(line.number, line.last + 1):
            self._rows[line.file][number - 1] = None

    def append(self, text: str) -> None:
        """Add a line after the last requirement of apps.in, or at its end."""
        if text not in self._added:
            self._added.append(text)

    def edits(self) -> Edits:
        """Return the new texts of the files that have changed."""
        rows = self._rows[APPS_IN]
        if self._added:
            numbers = [
                line.last
                for line, requirement in self._lines
                if line.file == APPS_IN and not requirement.path
            ]
            last = max(numbers, default=len(rows))
            newline = "\r\n" if "\r\n" in self._texts[APPS_IN] else "\n"
            if last and (row := rows[last - 1]) and not row.endswith("\n"):
                rows[last - 1] = row + newline
            rows[last:last] = [f"{text}{newline}" for text in self._added]
        texts = {
            file: "".join(row for row in each if row is not None)
            for file, each in self._rows.items()
        }
        return {file: text.encode() for file, text in texts.items() if text != self._texts[file]}


def _rows(text: str) -> list[str]:
    """Return the rows of a text with their ends."""
    ends = [match.end() for match in LINE_END.finditer(text)]
    return [text[start:end] for start, end in pairwise([0, *ends, len(text)]) if start < end]
