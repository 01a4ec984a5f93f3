"""Mistakes in the files that people write, each with its place: collected, then raised together.

One problem reads like any other error. Several are listed below the file:

    deploy/deployments.toml: 2 problems
      deploy/deployments.toml:12: "brnch" is no key of a deployment; did you mean "branch"?
        brnch = "main"
        ^
      deploy/deployments.toml:31: …
      next: ${EDITOR:-vi} +12 deploy/deployments.toml
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bootstrapper.errors import InputError
from bootstrapper.quoting import quoted

_MOST_SOURCE = 100  # characters of a line that are shown


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One mistake.

    `file` is relative to the project. It is an option such as `--flag NAME` where the command
    itself is wrong, and empty where the deployment is not kept in a file. `line` and `column` count
    from 1; 0 is unknown. `source` is the text of the line, where a message may show it. `next_step`
    is the command that helps, if it is another one than opening the file.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    source: str = field(default="", compare=False)
    text: str
    next_step: str = ""

    @property
    def in_file(self) -> bool:
        """Whether a file can be opened at the problem's place."""
        return bool(self.file) and not self.file.startswith("--")

    @property
    def where(self) -> str:
        """The file, with the line as compilers and editors write it."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def excerpt(self) -> str:
        """The line of the file, and a caret below the column; empty if neither is known."""
        text = self.source.rstrip()
        if not text.strip() or len(text) > _MOST_SOURCE:
            return ""
        caret = f"\n{' ' * (self.column - 1)}^" if 0 < self.column <= len(text) + 1 else ""
        # A tab has another width in the file than in the message.
        return text.replace("\t", " ") + caret

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.file else self.text


class DefinitionError(InputError):
    """The files that people write, or the command, have `problems`."""

    def __init__(
        self, where: str, fault: str, next_step: str, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(where, fault, next_step)
        self.problems = tuple(problems)


def definition_error(problems: Iterable[Problem]) -> DefinitionError:
    """Return the error that names `problems` (at least one), each of them once, in their order."""
    unique = list(dict.fromkeys(problems))
    files = list(dict.fromkeys(problem.file for problem in unique))
    unique.sort(key=lambda problem: (files.index(problem.file), problem.line))
    next_step = "\n        ".join(_next_steps(unique))
    if len(unique) == 1:
        [problem] = unique
        return DefinitionError(
            problem.where, problem.text + _indented(problem.excerpt, 4), next_step, unique
        )
    listed = "".join(f"\n  {each}{_indented(each.excerpt, 4)}" for each in unique)
    where = next((problem.file for problem in unique if problem.in_file), "the command")
    return DefinitionError(where, f"{len(unique)} problems{listed}", next_step, unique)


def decode(data: bytes, file: str, *, encoding: str = "utf-8-sig", next_step: str = "") -> str:
    """Return the text of a file in UTF-8. Raise DefinitionError with the line of another byte."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text = f"not UTF-8 at byte {error.start}"
        raise definition_error(
            [Problem(file=file, line=line, text=text, next_step=next_step)]
        ) from None


def _next_steps(problems: Sequence[Problem]) -> list[str]:
    """Return the commands that help; a file without one of its own is opened in an editor."""
    steps: list[str] = []
    opened: set[str] = set()
    for problem in problems:
        if problem.next_step:
            steps.append(problem.next_step)
        elif problem.in_file and problem.file not in opened:
            opened.add(problem.file)
            line = f"+{problem.line} " if problem.line else ""
            steps.append(f"${{EDITOR:-vi}} {line}{quoted(problem.file)}")
    return list(dict.fromkeys(steps))


def _indented(text: str, by: int) -> str:
    return "".join(f"\n{' ' * by}{line}" for line in text.splitlines())
