"""Runs a Python recipe with the global `self` that Rolf of 2010 gave it: a stage of a push.

    python python_stage.py NN-NAME.py

A copy of this file lies beside each push's stages, so it imports nothing but the standard library.

    self.execute(["cmd", "word"])    run a command in CHECKOUT_DIR, print its output, and return
        (status, stdout, stderr), the latter two as text. A command that fails does not fail the
        stage by itself
    self.setting("NAME")    the text of a setting or of any other variable; "" if there is none
    self.status    "ok". The stage fails if it is "failed" at the end. An exception and
        sys.exit(1) fail the stage, too
    self.stage.name, self.deployment.name, self.deployment.id    the names of the stage and the
        deployment, and DEPLOYMENT_ID
    self.push.id, .comment, .status, .user.username, .deployment, .checkout_dir(), .env()    the
        push, its user, CHECKOUT_DIR and the environment of the stage
    self.push.rollback_url    the tag to return to. Set it and call self.push.save(): a rollback to
        this push then returns to that tag
    self.rollback    None; in a rollback an object with rollback_url

Besides it finds `rollback`, `os`, `stat`, `datetime` and `Popen` without importing them: the code
of 2010 was run inside a module that had them.
"""

import os
import sys
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace

# Messages of Python 3 about code of Python 2, and how that code looks if the message is vague.
_PYTHON_2 = (
    "missing parentheses in call to 'print'",
    "missing parentheses in call to 'exec'",
    "multiple exception types must be parenthesized",
    "leading zeros in decimal",
)
_STATEMENTS_2 = ("print ", "exec ", "raise ", "except ")


class Push:
    """The push, as far as a stage may know it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.id = int(environment.get("ROLF_PUSH_ID") or 0)
        self.comment = environment.get("PUSH_COMMENT", "")
        self.status = "inprogress"
        self.rollback_url = environment.get("ROLLBACK_URL", "")
        self.user = SimpleNamespace(username=environment.get("PUSH_UNI", ""))
        number = environment.get("DEPLOYMENT_ID", "")
        self.deployment = SimpleNamespace(
            name=environment.get("DEPLOYMENT", ""), id=int(number) if number.isdecimal() else number
        )

    def checkout_dir(self) -> str:
        """Return CHECKOUT_DIR."""
        return self._environment.get("CHECKOUT_DIR") or os.getcwd()

    def env(self) -> dict[str, str]:
        """Return the stage's whole environment."""
        return dict(self._environment)

    def save(self) -> None:
        """Do nothing: the status counts when the recipe has ended."""
        if "\n" in self.rollback_url:
            raise ValueError(f"rollback_url {self.rollback_url!r} is more than one line")
        if self.rollback_url:
            with open(self._environment["ROLF_OUTPUT"], "a", encoding="utf-8") as output:
                output.write(f"ROLLBACK_URL={self.rollback_url}\n")


class PushStage:
    """The `self` of a recipe."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        # Rolf of 2010 called the checkout's directory so, too.
        environment = {"CWD": environment.get("CHECKOUT_DIR", ""), **environment}
        self.push = Push(environment)
        self.deployment = self.push.deployment
        self.stage = SimpleNamespace(name=name)
        self.status = "ok"
        url = self.push.rollback_url
        self.rollback = SimpleNamespace(rollback_url=url) if url else None

    def setting(self, name: str) -> str:
        """Return a setting's text, or that of any other variable of the stage; "" if there is none."""
        return self.push.env().get(name, "")

    def save(self) -> None:
        """Do nothing: the status counts when the recipe has ended."""

    def execute(self, args: Sequence[str]) -> tuple[int, str, str]:
        """Run a command, shown as it goes; returns its status, stdout and stderr."""
        import selectors  # many a recipe runs no command, and needn't wait for what one takes
        import shlex
        import subprocess

        directory = self.push.checkout_dir()
        os.makedirs(directory, exist_ok=True)  # recipes of 2010 remove it
        print("$", args if isinstance(args, str) else shlex.join(map(str, args)), flush=True)
        sys.stderr.flush()
        shown = (sys.stdout.buffer, sys.stderr.buffer)
        gathered: tuple[list[bytes], list[bytes]] = ([], [])
        process = subprocess.Popen(
            args, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout and process.stderr
        with process, selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ, 0)
            selector.register(process.stderr, selectors.EVENT_READ, 1)
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, 65536)
                    if data:
                        gathered[key.data].append(data)
                        shown[key.data].write(data)
                        shown[key.data].flush()
                    else:
                        selector.unregister(key.fileobj)
        out, err = (b"".join(each).decode("utf-8", "replace") for each in gathered)
        return process.returncode, out, err


def main(argv: Sequence[str]) -> int:
    """Run the recipe; returns the stage's exit status."""
    file = argv[1]
    name, _ = os.path.splitext(os.path.basename(file))
    del sys.path[0]  # the push's stages, which are nothing to import
    sys.argv = [file]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    self = PushStage(name.partition("-")[2] or name, dict(os.environ))
    module = ModuleType("__main__")
    module.__dict__.update({"self": self, "rollback": self.rollback, "__file__": file})
    sys.modules["__main__"] = module
    with open(file, "rb") as recipe:
        source = recipe.read()
    try:
        code = compile(source, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        print(_syntax(error, source), file=sys.stderr)
        return 1
    module.__dict__.update(_surroundings(source))
    try:
        exec(code, module.__dict__)  # noqa: S102  a recipe is code
    except SystemExit as leaving:
        if leaving.code:
            raise
    except BaseException as error:
        _print_traceback(error)
        return 1
    if self.status == "failed":
        print(f'{self.stage.name}: the recipe ended with self.status = "failed"', file=sys.stderr)
    return int(self.status == "failed")


def _surroundings(source: bytes) -> dict[str, object]:
    """Return the names of the module that ran the code of 2010, as far as the recipe uses them."""
    found: dict[str, object] = {"os": os}
    if b"stat" in source:
        import stat

        found["stat"] = stat
    if b"datetime" in source:
        from datetime import datetime

        found["datetime"] = datetime
    if b"Popen" in source:
        from subprocess import Popen

        found["Popen"] = Popen
    return found


def _syntax(error: SyntaxError, source: bytes) -> str:
    import shlex

    lines = source.decode("utf-8", "replace").splitlines()
    line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
    text = f"{error.filename}:{error.lineno}: {error.msg}\n    {line.strip()}"
    if is_python_2(error.msg, line):
        text += (
            "\n  this is Python 2, and recipes run in Python 3: print and exec are functions, "
            "`except X as e`, 0o755"
            f"\n  next: 2to3 {shlex.quote(str(error.filename))}  # shows most of the changes to "
            "make; it comes with Python 3.12 and before"
        )
    return text


def is_python_2(message: str, line: str) -> bool:
    """Return whether what Python 3 says of that line tells that it is Python 2."""
    return message.casefold().startswith(_PYTHON_2) or (
        message == "invalid syntax" and line.strip().startswith(_STATEMENTS_2)
    )


def _print_traceback(error: BaseException) -> None:
    """Print the traceback as Python does, with the recipe's frames only."""
    import subprocess
    import traceback

    hidden = {__file__, subprocess.__file__}
    shown = traceback.TracebackException.from_exception(error)
    each: traceback.TracebackException | None = shown
    while each is not None:
        each.stack = traceback.StackSummary.from_list(
            [frame for frame in each.stack if frame.filename not in hidden]
        )
        each = each.__cause__ or each.__context__
    print("".join(shown.format()), end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
