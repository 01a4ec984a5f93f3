"""Parse command lines. A wrong word gets a suggestion and a command to run next."""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from bootstrapper.quoting import joined
from bootstrapper.spelling import nearest

# Messages of argparse. Python 3.12 and later write the choices without quotes.
_CHOICE = re.compile(
    r"argument (?P<name>.+?): invalid choice: '(?P<word>.*?)'.* from (?P<all>.+)\)$"
)
_UNKNOWN = "unrecognized arguments: "
_OPTION = re.compile(r"(?<![\w-])--?[a-z][\w-]*")


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]
    """The commands of a parser. The help of each command begins with what the command does."""

    def add_parser(self, name: str, **options: Any) -> Any:
        """Add a command; its `help` is its description, too."""
        text = options.get("help", "")
        options.setdefault("description", f"{text[:1].upper()}{text[1:]}." if text else None)
        return super().add_parser(name, **options)


class CommandParser(argparse.ArgumentParser):
    """An ArgumentParser whose errors say what is wrong and which command to run next.

        ve/bin/python -m bootstrapper: "deplyo" is not a command; did you mean "deploy"?
          next: ve/bin/python -m bootstrapper deploy production

    `prog` is the program as the user types it. Subparsers have the same class.
    """

    _words: Sequence[str] = ()

    def __init__(self, **options: Any) -> None:
        """Describe each command in its own help."""
        super().__init__(**options)
        self.register("action", "parsers", _Commands)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse the arguments. A subparser refuses an unknown option itself: it knows its own."""
        self._words = sys.argv[1:] if args is None else list(args)
        self._refuse_option_before_command()
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(_UNKNOWN + " ".join(unknown))
        return namespace, unknown

    def needs_only_own_commands(self, words: Sequence[str]) -> bool:
        """Return whether a command line names one of the commands so far, or none, and no help."""
        rest = words[self._length(words) :]
        is_help = not {"-h", "--help"}.isdisjoint(words)
        return not is_help and (not rest or rest[0] in self._commands())

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

    def _refuse_option_before_command(self) -> None:
        """Refuse a first word that is an option of a command; the next command has it behind."""
        first = "".join(self._words[:1])
        commands = self._commands()
        if not commands or not re.match("--?[a-z]", first) or self._takes(first):
            return
        for number, word in enumerate(self._words):
            before = list(self._words[:number])
            if word not in commands:
                continue
            path, command = [word], commands[word]
            while (word := "".join(self._words[number + len(path) :][:1])) in command._commands():
                path, command = [*path, word], command._commands()[word]
            if command._length(before) == number:
                corrected = joined([*path, *before, *self._words[number + len(path) :]])
                self.exit(
                    2,
                    f"{self.prog}: {first.partition('=')[0]} goes after the command\n"
                    f"  next: {self.prog} {corrected}\n",
                )
        self.error(_UNKNOWN + first)

    def _commands(self) -> "dict[str, CommandParser]":
        """Return the parsers of this parser's commands, by name."""
        actions = (a for a in self._actions if isinstance(a, argparse._SubParsersAction))
        return next((dict(action.choices) for action in actions), {})

    def _takes(self, word: str) -> bool:
        """Return whether the word is an option of this parser: `--project=DIR`, `-mTEXT`."""
        return word.partition("=")[0] in self._option_string_actions or (
            word[1:2] != "-" and word[:2] in self._option_string_actions
        )

    def _length(self, words: Sequence[str]) -> int:
        """Return how many of the words are options of this parser and their values."""
        number = 0
        while number < len(words) and self._takes(words[number]):
            action = self._option_string_actions.get(words[number])
            number += 2 if action and action.nargs is None else 1
        return number

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
        return f"{self.prog} {joined(words)}"
