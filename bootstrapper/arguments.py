"""Parse command lines. A wrong word gets a suggestion and a command to run next."""

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from bootstrapper.spelling import nearest

# Messages of argparse. Python 3.12 and later write the choices without quotes.
_CHOICE = re.compile(
    r"argument (?P<name>.+?): invalid choice: '(?P<word>.*?)'.* from (?P<all>.+)\)$"
)
_UNKNOWN = "unrecognized arguments: "
_OPTION = re.compile(r"(?<![\w-])--?[a-z][\w-]*")


class CommandParser(argparse.ArgumentParser):
    """An ArgumentParser whose errors say what is wrong and which command to run next.

        ve/bin/python -m bootstrapper: "deplyo" is not a command; did you mean "deploy"?
          next: ve/bin/python -m bootstrapper deploy production

    `prog` is the program as the user types it. Subparsers have the same class.
    """

    _words: Sequence[str] = ()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse the arguments. A subparser refuses an unknown option itself: it knows its own."""
        self._words = sys.argv[1:] if args is None else list(args)
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(_UNKNOWN + " ".join(unknown))
        return namespace, unknown

    def error(self, message: str) -> NoReturn:
        """Print the error and end with status 2."""
        if match := _CHOICE.fullmatch(message):
            choices = [choice.strip("'\" ") for choice in match["all"].split(",")]
            name, word = match["name"], match["word"]
            meant = nearest(word, choices)
            fault = (
                f'"{word}" is not a command'
                if name == "COMMAND"
                else f'{name}: "{word}" is none of {", ".join(choices)}'
            )
        elif message.startswith(_UNKNOWN):
            word = message.removeprefix(_UNKNOWN).split(" ")[0].partition("=")[0]
            # Without the dashes, which would make short names resemble each other.
            names = {option.lstrip("-"): option for option in self._options()}
            meant = names.get(nearest(word.lstrip("-"), names), "") if word[:1] == "-" else ""
            kind = "option" if word[:1] == "-" else "argument"
            fault = f'"{word}" is not an {kind} of this command'
        else:
            self.exit(2, f"{self.prog}: {message}\n  next: {self.prog} --help\n")
        suggestion = f'; did you mean "{meant}"?' if meant else ""
        command = self._corrected(word, meant) if meant else f"{self.prog} --help"
        self.exit(2, f"{self.prog}: {fault}{suggestion}\n  next: {command}\n")

    def _options(self) -> list[str]:
        """Return the options of this command: the help has each one at the start of a line."""
        rows = [line.strip() for line in self.format_help().splitlines() if line.startswith("  -")]
        return [option for row in rows for option in _OPTION.findall(row.partition("  ")[0])]

    def _corrected(self, wrong: str, right: str) -> str:
        """Return the command line with the first `wrong` word replaced."""
        words = list(self._words)
        for number, word in enumerate(words):
            name, equals, value = word.partition("=")
            if wrong in (word, name):
                words[number] = right if word == wrong else f"{right}{equals}{value}"
                break
        return f"{self.prog} {shlex.join(words)}"
