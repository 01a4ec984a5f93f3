"""Find the files that settings open when they are loaded, and those that they log to."""

import ast
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from vendor_fetch.adopt.path_expression import text_of
from vendor_fetch.adopt.source_code import Assigned

# Methods of a path, and methods that are given one, of ConfigParser for example.
_OF_PATH = {"read_text", "read_bytes", "open"}
_OF_READER = {"read", "read_file"}
_MOST = 200


def opened_files(
    tree: ast.Module, file: Path, names: Mapping[str, Assigned]
) -> Iterator[tuple[str, int]]:
    """Yield the paths of the files that a module reads, each with the line."""
    for node in islice(filter(_is_call, ast.walk(tree)), _MOST):
        match node:
            case ast.Call(func=ast.Name(id="open"), args=[path]):
                pass
            case ast.Call(func=ast.Name(id="open"), args=[path, ast.Constant(value="r" | "rb")]):
                pass
            case ast.Call(func=ast.Attribute(value=path, attr=name), args=[]) if name in _OF_PATH:
                pass
            case ast.Call(func=ast.Attribute(attr=name), args=[path]) if name in _OF_READER:
                pass
            case _:
                continue
        text = text_of(Assigned(file=file, line=node.lineno, value=path), names)
        if text:
            yield text, node.lineno


def _is_call(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in ("open", *_OF_PATH, *_OF_READER)
    return False


def log_files(names: Mapping[str, Assigned]) -> Iterator[str]:
    """Yield the paths of the files that LOGGING names."""
    logging = names.get("LOGGING")
    for node in ast.walk(logging.value) if logging else ():
        if not logging or not isinstance(node, ast.Dict):
            continue
        entries = {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant)
        }
        match entries.get("class"), entries.get("filename"):
            # Others can have a directory of their own.
            case ast.Constant(value=str(name)), ast.expr() as path if name.startswith("logging."):
                place = Assigned(file=logging.file, line=logging.line, value=path)
                if text := text_of(place, names):
                    yield text
