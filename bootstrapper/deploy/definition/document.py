"""The TOML of deploy/deployments.toml, with the line of each key; or why it can't be read."""

import re
import tomllib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bootstrapper.deploy.definition import toml_lines
from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.problems import Problem, decode, definition_error
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a file has: its table, its text by lines, and the line of each key."""

    table: dict[str, Any]
    source: list[str]
    lines: toml_lines.Lines


def read_document(path: Path) -> Document:
    """Read the file. Raise DefinitionError if it isn't there or is no TOML."""
    text = _text(path)
    try:
        lines = toml_lines.find(text)
        table = tomllib.loads(text)
        _refuse_huge(table)
    except tomllib.TOMLDecodeError as error:
        raise definition_error(_syntax(str(error), text, lines)) from None
    except (ValueError, RecursionError, OverflowError) as error:
        # tomllib hands these on from Python's own numbers and dates, and from its recursion.
        raise definition_error([_unreadable(error, text)]) from None
    return Document(table=table, source=text.split("\n"), lines=lines)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise definition_error(
            [
                Problem(
                    file=FILE,
                    text="the file is missing",
                    next_step=f"ls {quoted(str(path.parents[1]))}  # is it the project's directory? "
                    f"Then write the file: {PROGRAM} init",
                )
            ]
        ) from None
    except IsADirectoryError:
        raise definition_error([Problem(file=FILE, text="is a directory, not a file")]) from None
    encoding = "utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "latin1"
    shown = f"iconv -f {encoding} -t utf-8 {FILE}  # shows the text; save it as UTF-8"
    return decode(data, FILE, next_step=shown)


def _refuse_huge(document: "dict[str, Any]") -> None:
    """Raise ValueError for an integer of more than 64 bits, which TOML 1.0.0 doesn't have."""
    left: list[Any] = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ValueError("an integer has more than 64 bits")


def _unreadable(error: Exception, text: str) -> Problem:
    """Return the problem of a text that may be TOML, and that Python can't take."""
    if isinstance(error, RecursionError):
        return Problem(file=FILE, line=0, text="arrays or tables are nested too deeply")
    digits = re.search(r"[0-9][0-9_]{4000,}", text)
    line = text.count("\n", 0, digits.start()) + 1 if digits else 0
    return Problem(
        file=FILE,
        line=line,
        text="a number has too many digits" if digits else f"a value can't be read: {error}",
    )


def _syntax(message: str, text: str, lines: toml_lines.Lines) -> list[Problem]:
    """Return tomllib's message as a problem; or every key that is given twice, if that is it."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message)
    number = int(match[2]) if match and match[2] else text.rstrip().count("\n") + 1
    problems = [
        Problem(
            file=FILE,
            line=line,
            text=f'"{_dotted(path)}" is given twice; it stands in line {lines.of[path]} already',
        )
        for path, line in lines.twice
    ]
    if not any(problem.line == number for problem in problems):
        problems.append(
            Problem(
                file=FILE,
                line=number,
                column=int(match[3]) if match and match[3] else 0,
                source=text.split("\n")[number - 1],
                text=f"not valid TOML: {match[1] if match else message}",
            )
        )
    return problems


def _dotted(path: toml_lines.Path) -> str:
    return ".".join(str(part) for part in path)
