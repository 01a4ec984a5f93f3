"""Choose the branches of a settings module that a server takes."""

import ast
from pathlib import Path

from vendor_fetch.adopt.settings_module import SettingsModule, Switch
from vendor_fetch.adopt.variables import is_true, taken_by_server


def branches(node: ast.If, file: Path, found: SettingsModule) -> list[tuple[list[ast.stmt], bool]]:
    """Return the branches of a condition, each with whether the server takes it for certain.

    The later ones do not replace what the earlier ones assign.
    """
    branch: list[ast.stmt] = [node]
    while len(branch) == 1 and isinstance(branch[0], ast.If):
        each = branch[0]
        if _holds(each.test, found):
            _note_choice(each.test, file, found)
            return [(each.body, True)]
        branch = each.orelse
    if _holds(node.test, found) is False:
        return [(node.orelse, True)]
    match node.test:
        case ast.Name(id=name) if _is_off(name, found):
            return [(node.orelse, False), (node.body, False)]
    return [(node.body, False), (node.orelse, False)]


def _holds(test: ast.expr, found: SettingsModule) -> bool | None:
    """Return whether a condition holds on the server; None if nobody knows."""
    match test:
        case ast.Compare(
            left=ast.Name(id=name), ops=[ast.Eq()], comparators=[ast.Constant(value=text)]
        ) if isinstance(value := _named(name, found), ast.Constant):
            return bool(value.value == text)
    return taken_by_server(test)


def _is_off(name: str, found: SettingsModule) -> bool:
    """Return whether a name is false, or reads a variable that is false by default."""
    assigned = found.values.get(name)
    if not assigned or assigned.file not in found.trees:
        return False
    match assigned.value:
        case ast.Constant(value=value):
            return not value
    environment = found.environment(assigned.file)
    defaults = [each.default for each in environment.variables(assigned.value)]
    return bool(defaults) and not any(is_true(each) for each in defaults)


def _note_choice(test: ast.expr, file: Path, found: SettingsModule) -> None:
    match test:
        case ast.Compare(left=left, comparators=[ast.Constant(value=str(value))]):
            note_switch(left, value, file, found)


def note_switch(value: ast.expr, text: str, file: Path, found: SettingsModule) -> None:
    """Note a variable that has to have a value on the server, if there is one."""
    nodes = [
        value,
        *(_named(each.id, found) for each in ast.walk(value) if isinstance(each, ast.Name)),
    ]
    for node in filter(None, nodes):
        for variable in found.environment(file).variables(node):
            switch = Switch(variable=variable.name, value=text, file=file, line=value.lineno)
            found.switches.setdefault(variable.name, switch)
            return


def _named(name: str, found: SettingsModule) -> ast.expr | None:
    assigned = found.values.get(name)
    return assigned.value if assigned else None
