"""Find the files that settings run in their own place: by django-split-settings, or by exec."""

import ast
import os.path
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.source_code import Assigned
from vendor_fetch.adopt.variables import PRODUCTION

_MOST = 100


@dataclass(frozen=True, kw_only=True)
class Included:
    """A file that is included. `choice` is the value of the variable by which `node` names it."""

    path: Path
    node: ast.expr
    choice: str = ""


def included_files(
    call: ast.Call, file: Path, working_directory: Path, names: Mapping[str, Assigned]
) -> Iterator[Included]:
    """Yield the files that a call in a settings file runs in its place."""
    match call:
        case ast.Call(func=ast.Name(id="include"), args=patterns):
            for each in _each(patterns, names):
                yield from _matching(each, file, file.parent, names)
        case ast.Call(func=ast.Name(id="execfile"), args=[path, *_]):
            yield from _matching(path, file, working_directory, names)
        case ast.Call(func=ast.Name(id="exec"), args=[source, *_]):
            for node in ast.walk(source):
                match node:
                    case ast.Call(func=ast.Name(id="open"), args=[path, *_]):
                        yield from _matching(path, file, working_directory, names)


def _each(nodes: list[ast.expr], names: Mapping[str, Assigned]) -> Iterator[ast.expr]:
    for node in nodes:
        match node:
            case ast.Call(func=ast.Name(id="optional"), args=[pattern, *_]):
                yield pattern
            case ast.Starred(value=ast.Name(id=name)) if name in names:
                yield from _each([names[name].value], names)
            case ast.Tuple(elts=several) | ast.List(elts=several):
                yield from _each(several, names)
            case _:
                yield node


def _matching(
    node: ast.expr, file: Path, directory: Path, names: Mapping[str, Assigned]
) -> Iterator[Included]:
    """Yield the files of a pattern; those of the server, if a variable of the environment chooses."""
    place = Assigned(file=file, line=node.lineno, value=node)
    plain = text_of(place, names)
    for choice in PRODUCTION:
        text = text_of(place, names, choice)
        found = [path for path in _files(directory, text or "") if path.is_file()]
        if text != plain and found:
            yield from (Included(path=path, node=node, choice=choice) for path in found)
            return
    for path in _files(directory, plain) if plain else ():
        yield Included(path=path, node=node)


def _files(directory: Path, pattern: str) -> list[Path]:
    """Return the files of a pattern; a file that is named may be missing."""
    if not any(each in pattern for each in "*?["):
        return [Path(os.path.normpath(directory / pattern))]
    if pattern.startswith("/"):
        return []
    found = islice(directory.glob(pattern), _MOST)
    return sorted(Path(os.path.normpath(path)) for path in found)
