"""The promise of every `next:` line: it is a command that can be pasted into bash."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TypeGuard

import pytest

from bootstrapper.next_step import ANOTHER_VERSION, OUT_OF_MEMORY, edit, existing
from tests.conftest import REPOSITORY

DIRECTORIES = ("bootstrapper", "vendor_fetch", "tools")
# tests/deploy/cookbook/test_every_recipe.py checks the recipes.
EXCEPT = ("bootstrapper/cookbook",)

PROGRAMS = {
    *("git", "make", "./bootstrap.py", "ve/bin/python", "cookiecutter"),
    *("${EDITOR:-vi}", "ls", "mv", "cp", "rm", "chmod", "sed", "touch", "mkdir"),
    *("df", "dmesg", "tail", "fuser", "printenv", "grep", "env", "export"),
    *(
        "apt-get",
        "apt-file",
        "ssh",
        "bash",
        "file",
        "iconv",
        "echo",
        "cat",
        "2to3",
        "ssh-keyscan",
        "ssh-keygen",
    ),
}
# What returns a command, or holds one, with an example of it.
COMMANDS = {
    "ANOTHER_VERSION": ANOTHER_VERSION,
    "OUT_OF_MEMORY": OUT_OF_MEMORY,
    "edit": "${EDITOR:-vi} FILE  # change it",
    "edit_and_sync": "${EDITOR:-vi} FILE  # change it, then: make vendor",
    "restore_command": "git checkout -- FILE",
    "another_python": "./bootstrap.py --python FILE",
    "install_command": "ve/bin/python -m pip install NAME",
    "typed_command": "cookiecutter TEMPLATE",
    "_scan": "ssh-keyscan HOST | ssh-keygen -lf -",
    "_renaming": "mv OLD NEW",
    **dict.fromkeys(("retry_command", "sync_command", "online_command", "MAKE"), "make vendor"),
    **dict.fromkeys(("by_hand", "_by_hand", "_there"), "ssh HOST"),
    **dict.fromkeys(
        ("_choices", "with_text", "deploy_command", "_open_configuration"),
        "ve/bin/python -m bootstrapper",
    ),
    **dict.fromkeys(("PROGRAM", "COMMAND_LINE", "prog", "retry"), "ve/bin/python -m bootstrapper"),
}
# Commands that come from elsewhere: they are checked where they are made.
PASSED_ON = {"next_step", "step", "command", "again"}


class Module:
    """A file of the code, and the next steps in it."""

    def __init__(self, path: Path, errors: set[str]) -> None:
        self._path = path
        self._errors = errors
        self._tree = ast.parse(path.read_text(encoding="utf-8"))
        self._values: dict[str, list[ast.expr]] = {}
        self._inner: set[ast.AST] = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self._values.setdefault(node.targets[0].id, []).append(node.value)
            if isinstance(node, ast.JoinedStr):
                self._inner.update(node.values)

    def steps(self) -> Iterator[tuple[int, str]]:
        """Yield the line and the text of each next step, with an example for each expression."""
        return (step for step in self._steps() if step[1])

    def _steps(self) -> Iterator[tuple[int, str]]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call):
                for argument in self._arguments(node):
                    yield from ((node.lineno, text) for text in self._texts(argument))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "next_step":
                yield from ((node.lineno, text) for text in self._texts(node.value))
            elif _is_printed(node) and node not in self._inner:
                for text in self._texts(node):
                    printed = re.findall(r"(?:^|\n)\s*next: (.*)", text)
                    yield from ((node.lineno, step) for step in printed)

    def _arguments(self, call: ast.Call) -> list[ast.expr]:
        named = [keyword.value for keyword in call.keywords if keyword.arg == "next_step"]
        is_error = isinstance(call.func, ast.Name) and call.func.id in self._errors
        third = call.args[2:3] or call.args[-1:]  # the last one if the others are *unpacked
        return [*named, *(third if is_error and not named else [])]

    def _texts(self, node: ast.expr) -> list[str]:
        """Return what an expression can be. Fail if that is unknown."""
        match node:
            case ast.Constant(value=value):
                return [str(value)]
            case ast.JoinedStr(values=values):
                return ["".join(parts) for parts in product(*map(self._texts_inside, values))]
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return ["".join(parts) for parts in product(*map(self._texts, (left, right)))]
            case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
                return [*self._texts(one), *self._texts(other)]
            case ast.Call(func=ast.Attribute(attr="format", value=value)):
                return [re.sub(r"\{\w*\}", "WORD", text) for text in self._texts(value)]
            case ast.Call(func=ast.Attribute(attr="rstrip", value=value)):
                return self._texts(value)
            case ast.Call(func=ast.Attribute(attr="join")):
                return []  # of several steps, which are checked where they are made
            case (
                ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))
                | ast.Name(id=name)
                | ast.Attribute(attr=name)
            ):
                return self._named(name)
        pytest.fail(f"{self._path}:{node.lineno}: what command is {ast.unparse(node)}?")

    def _named(self, name: str) -> list[str]:
        if name in PASSED_ON:
            return []
        if name in COMMANDS:
            return [COMMANDS[name]]
        assert name in self._values, f"{self._path}: add the command {name} to COMMANDS"
        return [text for value in self._values[name] for text in self._texts(value)]

    def _texts_inside(self, part: ast.expr) -> list[str]:
        """Return what a part of an f-string can be: WORD, unless it is known to be a command."""
        if not isinstance(part, ast.FormattedValue):
            return self._texts(part)
        words = set(re.findall(r"\w+", ast.unparse(part.value)))
        commands = [COMMANDS[name] for name in COMMANDS if name in words]
        known = [text for name in words & self._values.keys() for text in self._constants(name)]
        return commands or known or ["make" if words & PASSED_ON else "WORD"]

    def _constants(self, name: str) -> list[str]:
        """Return the texts that are assigned to a name, or nothing if it holds something else."""
        values = self._values[name]
        is_text = all(isinstance(each, ast.Constant | ast.JoinedStr) for each in values)
        return self._named(name) if is_text else []


def _is_printed(node: ast.AST) -> TypeGuard[ast.expr]:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(isinstance(each, ast.Constant) and "next: " in str(each.value) for each in parts)


def files() -> list[Path]:
    return [
        path
        for directory in DIRECTORIES
        for path in sorted((REPOSITORY / directory).rglob("*.py"))
        if not any(path.is_relative_to(REPOSITORY / each) for each in EXCEPT)
    ]


def error_classes() -> set[str]:
    """Return the names of BootstrapperError and of the classes below it."""
    found = {"BootstrapperError"}
    classes = [
        node
        for path in (REPOSITORY / "bootstrapper").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    while (
        new := {each.name for each in classes if found & {ast.unparse(base) for base in each.bases}}
        - found
    ):
        found |= new
    return found


def fault(step: str) -> str:
    """Return why a next step can't be pasted; empty if it can."""
    run = subprocess.run(["bash", "-n", "-c", step], capture_output=True, text=True, check=False)
    if run.returncode:
        return run.stderr.strip()
    words = shlex.shlex(step, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    is_first = True
    for word in words:
        if word in ("&&", "||", "|", ";"):
            is_first = True
        elif is_first and not re.match(r"\w+=", word):
            if word not in PROGRAMS:
                return f"{word} is no known program"
            is_first = False
        elif word.endswith((",", ":", "…")):
            return f"{word} is prose: write it as a comment"
    return "" if not is_first else "there is no command"


def test_every_next_step_can_be_pasted() -> None:
    errors = error_classes()
    steps = [
        (f"{path.relative_to(REPOSITORY)}:{line}", step)
        for path in files()
        for line, step in Module(path, errors).steps()
    ]
    steps += [(f"COMMANDS: {name}", step) for name, step in COMMANDS.items()]
    assert len(steps) > 80
    faults = [f"{at}: {why}: {step}" for at, step in steps if (why := fault(step))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "prose",
    [
        "correct the line, then: make vendor",
        "git checkout -- FILE, or: make vendor",
        "env -u NAME make vendor && correct the file",
        "mv FILE .. && make vendor; or ask for it",
        "make vendor 'quoted",
        "# correct the file",
    ],
)
def test_prose_is_no_next_step(prose: str) -> None:
    assert fault(prose)


def test_a_next_step_quotes_its_file(tmp_path: Path) -> None:
    (tmp_path / "it's here").touch()
    step = edit(tmp_path / "it's here", "correct it")
    run = subprocess.run(["bash", "-c", step], env={"EDITOR": "ls"}, capture_output=True, text=True)
    assert run.stdout == f"{tmp_path}/it's here\n"


def test_a_next_step_names_a_directory_that_exists(tmp_path: Path) -> None:
    assert existing(tmp_path / "gone/file") == str(tmp_path)
    assert existing("gone/file") == "."
    assert existing("/") == "/"
