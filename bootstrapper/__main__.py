"""The command line: `python -m bootstrapper COMMAND`."""

from bootstrapper.search_path import leave_current_directory

if __name__ == "__main__":
    leave_current_directory()

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import NoReturn

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.commands.parsers import PROGRAM
from bootstrapper.errors import BootstrapperError, refused
from bootstrapper.next_step import next_lines
from bootstrapper.program import TYPED, command_line

INTERRUPTED = 130

# Each command, and the module of bootstrapper.commands that adds its parser. Only the module of the
# given command is imported, so that a rebuild does not wait for the imports of a deployment.
COMMANDS = {
    "rebuild": "ve",
    "check": "ve",
    "store": "ve",
    "lock": "lock",
    "unlock": "lock",
    "deploy": "deploy",
    "resume": "deploy",
    "rollback": "deploy",
    "pushes": "pushes",
    "log": "log",
    "status": "status",
    "cancel": "cancel",
    "cookbook": "cookbook",
    "init": "init",
}


def main(argv: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run one command and return its exit status."""
    _fill_closed_streams()
    options = _options(sys.argv[1:] if argv is None else argv, program)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup sets this
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted{_after_failure(options, '; ')}", file=sys.stderr)
        return INTERRUPTED
    except (BootstrapperError, OSError) as failure:
        if options.verbosity > 0:
            import traceback

            traceback.print_exc()
        error = refused(failure, again=command_line()) if isinstance(failure, OSError) else failure
        print(f"{program}: {error}{_after_failure(options, chr(10) + '  ')}", file=sys.stderr)
        return error.status
    except Exception as error:
        if options.verbosity > 0:
            raise
        print(
            f"{program}: unexpected {type(error).__name__}: "
            f"{plain_text.lines(plain_text.without_next(str(error)))}\n"
            + next_lines(f"{command_line()} -v  # report its output as a bug"),
            file=sys.stderr,
        )
        return 1


def _fill_closed_streams() -> None:
    """Open /dev/null for standard streams that are closed (`>&-`).

    Otherwise a file of this program would get the number of such a stream, and other programs would
    write into it.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: SIM115


def _options(argv: Sequence[str], program: str) -> argparse.Namespace:
    typed = TYPED if program == PROGRAM else f"./{program}"
    parser = CommandParser(
        prog=typed,
        allow_abbrev=False,
        description="Rebuild a project's virtualenv from its vendored files, and deploy the project.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    named = argv[0] if argv else ""
    for module in dict.fromkeys([COMMANDS[named]] if named in COMMANDS else COMMANDS.values()):
        import_module(f"bootstrapper.commands.{module}").add(commands, typed)
    return parser.parse_args(argv)


def _after_failure(options: argparse.Namespace, before: str) -> str:
    """Return what the command says about the state after a failure, behind a separator."""
    text = options.after_failure(options) if "after_failure" in options else ""
    return text and before + text


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """Handle SIGTERM and SIGHUP like Ctrl-C, so that commands clean up."""
    raise KeyboardInterrupt


def _leave(status: int) -> NoReturn:
    """Exit at once. Shutting the interpreter down would take 10 ms and more."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or its reader has gone
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    _leave(main())
