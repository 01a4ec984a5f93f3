"""The promise of every `next:` line: it is a command that can be pasted into bash."""

import ast
import os
import pickle
import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TypeGuard

import pytest

from bootstrapper import plain_text
from bootstrapper.deploy.machine.holder import PushHolder
from bootstrapper.deploy.plan.plan import deploy_command
from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.next_step import ANOTHER_VERSION, OUT_OF_MEMORY, edit, existing
from bootstrapper.quoting import joined, quoted
from tests.conftest import REPOSITORY

DIRECTORIES = ("bootstrapper", "vendor_fetch", "tools")
# tests/deploy/cookbook/test_every_recipe.py checks the recipes.
EXCEPT = ("bootstrapper/cookbook",)

PROGRAMS = {
    "sudo",
    *("git", "make", "./bootstrap.py", "ve/bin/python", ".tools/bin/python", "cookiecutter"),
    *("${EDITOR:-vi}", "cd", "ls", "mv", "cp", "rm", "chmod", "sed", "touch", "mkdir"),
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
    "VENDOR": "make vendor",
    "edit": "${EDITOR:-vi} FILE  # change it",
    "edit_and_sync": "${EDITOR:-vi} FILE  # change it, then: make vendor",
    "restore_command": "git checkout -- FILE",
    "another_python": "./bootstrap.py --python FILE",
    "install_command": "ve/bin/python -m pip install NAME",
    "tools_command": "make .tools/complete && .tools/bin/python -P -m vendor_fetch NAME",
    "program_command": "ve/bin/python -m vendor_fetch NAME",
    "vendor_fetch_command": "ve/bin/python -m vendor_fetch",
    "typed_command": "cookiecutter TEMPLATE",
    "_scan": "ssh-keyscan HOST | ssh-keygen -lf -",
    **dict.fromkeys(("_moving", "_renaming"), "mv OLD NEW"),
    **dict.fromkeys(
        ("retry_command", "sync_command", "online_command", "now_command", "MAKE"), "make vendor"
    ),
    "advisories_command": "ve/bin/python -m vendor_fetch audit --advisories FILE",
    "command_without": "ve/bin/python -m vendor_fetch upgrade NAME",
    **dict.fromkeys(("by_hand", "_by_hand", "_there"), "ssh HOST"),
    **dict.fromkeys(
        ("_choices", "_status", "with_text", "deploy_command", "_open_configuration"),
        "ve/bin/python -m bootstrapper",
    ),
    **dict.fromkeys(("PROGRAM", "command_line", "prog", "retry"), "ve/bin/python -m bootstrapper"),
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
        if isinstance(call.func, ast.Name) and call.func.id == "next_lines":
            return call.args
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
            case ast.List(elts=steps):
                return [text for step in steps for text in self._texts(step)]
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


HOSTILE = [
    "a\ntouch pwned\n",
    "a\x1b[",
    "a\x1b]'\ntouch pwned #",
    "a\x9b'; touch pwned; '",
    "a\r'\u2028touch pwned",
    "a\u202e\udcff'\\",
    "$(touch pwned)`touch pwned`; touch pwned",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_reaches_the_pasted_command_unchanged(name: str, tmp_path: Path) -> None:
    step = (
        f"printf '<%s>' {joined([name, name])}  # then: ls {quoted(name)} {quoted('; touch pwned')}"
    )
    shown = str(InputError("place", "fault", step)).rpartition("  next: ")[2]
    run = subprocess.run(["bash", "-c", shown], cwd=tmp_path, capture_output=True, check=False)
    assert run.stdout == b"<%s>" % os.fsencode(name) * 2
    assert not run.stderr
    assert "\n" not in shown
    assert not (tmp_path / "pwned").exists()


IMITATIONS = [
    "\n  next: touch pwned",
    "\n  Next : touch pwned",
    "\nnext: touch pwned",
    "\r\n\tnext: touch pwned",
    "\n \x1b[0m next: touch pwned",
    "\nne\x1b]0;a\rb\x07xt: touch pwned",
    "\n  n\u200bext: touch pwned",
    "\n  n\u0435xt: touch pwned",  # a Cyrillic letter
    "\n  \uff4e\uff45\uff58\uff54\uff1a touch pwned",  # of full width
    "\u2028  next: touch pwned",
]


@pytest.mark.parametrize("text", IMITATIONS)
def test_a_fault_has_no_next_line_of_others(text: str) -> None:
    error = WorkFailed("app1", f"bash: command not found{text}\nmore", "ssh app1")
    for each in (error, pickle.loads(pickle.dumps(error))):
        body, _, command = str(each).rpartition("\n  next: ")
        assert command == "ssh app1"
        for shown in (body, each.fault):
            assert "touch pwned" in shown
            assert not [line for line in re.split(r"[\r\n\u2028]", shown) if is_imitation(line)]


def is_imitation(line: str) -> bool:
    shown = plain_text.single_line(line)
    return bool(re.match("(next|n\u0435xt|\uff4e\uff45\uff58\uff54) ?[:\uff1a]", shown, re.I))


def test_a_list_of_errors_has_a_next_line_for_each() -> None:
    each = [WorkFailed(f"app{n}", "down\n  next: touch pwned", f"ssh app{n}") for n in (1, 2)]
    assert str(WorkFailed.listing("2 of 3 hosts", "can't be pushed to", "make", each)) == (
        "2 of 3 hosts: can't be pushed to\n"
        "  app1: down\n  | next: touch pwned\n    next: ssh app1\n"
        "  app2: down\n  | next: touch pwned\n    next: ssh app2\n"
        "  next: make"
    )


def test_other_lines_of_a_fault_are_unchanged() -> None:
    fault = "3 problems\n  a.toml:1: x\n    next = 1\n    ^\nhint: the next: line\n\n  \u043e: x"
    assert WorkFailed("here", fault, "make").fault == fault


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_host_reports_is_no_command(name: str, tmp_path: Path) -> None:
    holder = PushHolder(who=name, machine=name, deployment=name, push=name)
    assert len(str(holder.refusal("production", "app1")).splitlines()) == 2
    for step in (holder.refusal("production", "app1").next_step, deploy_command(name, name)):
        bash = "python() { :; }; " + step
        subprocess.run(["bash", "-c", bash], cwd=tmp_path, capture_output=True, check=False)
        assert not (tmp_path / "pwned").exists()
