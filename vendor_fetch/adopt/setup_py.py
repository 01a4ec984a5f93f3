"""Read the dependencies in setup.py, as far as it writes them out. No code of it runs."""

import ast
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from vendor_fetch.adopt.entry import Entry
from vendor_fetch.adopt.groups import of_group
from vendor_fetch.adopt.requirement_entry import entry_of
from vendor_fetch.adopt.source_code import parsed

_COMPUTED = (
    "setup.py computes it; list it: ve/bin/python -m pip freeze > requirements.txt  "
    "# of the virtualenv that the site runs in"
)


def names_requirements(path: Path) -> bool:
    """Return whether a setup.py mentions requirements; many a one has a name and a version alone."""
    return path.is_file() and b"_require" in path.read_bytes()


def read_setup_py(path: Path, groups: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of install_requires and extras_require. Raise SyntaxError."""
    tree = parsed(path)
    if not tree:
        raise SyntaxError("it is no module of Python 3, or is nested too deeply")
    names = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    entries = list(_of_calls(tree, names, groups))
    yield from entries or [_computed("setup.py", ast.Constant("install_requires"))]


def _of_calls(
    tree: ast.Module, names: Mapping[str, ast.expr], groups: Collection[str]
) -> Iterator[Entry]:
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "setup":
            words = {each.arg: each.value for each in call.keywords}
            if "install_requires" in words:
                yield from _entries("setup.py: install_requires", words["install_requires"], names)
            extras = _resolved(words.get("extras_require", ast.Dict([], [])), names)
            if not isinstance(extras, ast.Dict):
                yield _computed("setup.py: extras_require", extras)
                continue
            for key, value in zip(extras.keys, extras.values, strict=True):
                group = ast.literal_eval(key) if isinstance(key, ast.Constant) else ""
                for entry in _entries(f"setup.py: {group}", value, names):
                    yield of_group(entry, group, groups)


def _entries(place: str, node: ast.expr, names: Mapping[str, ast.expr]) -> Iterator[Entry]:
    node = _resolved(node, names)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _entries(place, node.left, names)
        yield from _entries(place, node.right, names)
    elif isinstance(node, ast.List | ast.Tuple):
        for each in node.elts:
            yield from _entries(place, each.value if isinstance(each, ast.Starred) else each, names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for line in node.value.splitlines():
            if line.strip():
                yield entry_of(place, line.strip())
    else:
        yield _computed(place, node)


def _resolved(node: ast.expr, names: Mapping[str, ast.expr]) -> ast.expr:
    """Return what the module assigns to a name, or the expression itself."""
    return names.get(node.id, node) if isinstance(node, ast.Name) else node


def _computed(place: str, node: ast.expr) -> Entry:
    return Entry(place=place, text=ast.unparse(node), refusal=_COMPUTED)
