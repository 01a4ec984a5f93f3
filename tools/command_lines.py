"""The command lines of the commands, as their parsers define them."""

import argparse
from collections.abc import Iterator, Mapping
from importlib import import_module

from bootstrapper.__main__ import COMMANDS
from bootstrapper.commands.parsers import Subparsers
from tools.markdown import code
from vendor_fetch import __main__ as vendor

PROGRAM = "python -m bootstrapper"
VENDOR = "python -m vendor_fetch"


def commands() -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Yield the words of each command, its help and its parser."""
    choices = argparse.ArgumentParser(allow_abbrev=False).add_subparsers()
    for module in dict.fromkeys(COMMANDS.values()):
        import_module(f"bootstrapper.commands.{module}").add(choices, PROGRAM)
    yield from _subcommands(PROGRAM, {name: choices.choices[name] for name in COMMANDS}, choices)
    for action in vendor.parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from _subcommands(VENDOR, action.choices, action)


def _subcommands(
    program: str,
    parsers: Mapping[str, argparse.ArgumentParser],
    choices: Subparsers,
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    helps = {action.dest: action.help or "" for action in choices._choices_actions}
    for name, parser in parsers.items():
        below = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
        for each in below:
            yield from _subcommands(f"{program} {name}", each.choices, each)
        if not below:
            yield f"{program} {name}", helps[name], parser


def usage(words: str, parser: argparse.ArgumentParser) -> str:
    """Return how a command is written."""
    if parser.usage:
        return parser.usage
    required = [action for action in parser._actions if action.required and action.option_strings]
    free = [
        action
        for action in parser._actions
        if not action.required and action.option_strings and action.dest != "help"
    ]
    return " ".join(
        [
            words,
            *(f"{each.option_strings[0]} {each.metavar}" for each in required),
            *(["[options]"] if free else []),
            *(
                str(action.metavar)
                if str(action.metavar).startswith("[")
                else f"[{action.metavar}]"
                for action in parser._actions
                if not action.option_strings
            ),
        ]
    )


def options(parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    """Yield each option as it is written, and its help."""
    for action in parser._actions:
        if action.option_strings and "--help" not in action.option_strings:
            value = action.metavar or "|".join(action.choices or ())
            words = ", ".join(
                code(f"{word} {value}" if action.nargs != 0 else word)
                for word in action.option_strings
            )
            values = {
                **vars(action),
                **({"default": "the number of processors"} if action.dest == "jobs" else {}),
            }
            yield [words, (action.help or "") % values]
