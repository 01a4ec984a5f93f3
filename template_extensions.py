"""The Jinja extension that cookiecutter loads from this template.

cookiecutter.json adds it to `_extensions` in an expression that only cookiecutter 2.6 and later
evaluate. Older versions could not import it, and would not get as far as naming the version.
"""

import logging
import re
import sys

import click
from jinja2 import Environment
from jinja2.ext import Extension


class HookErrors(Extension):
    """Let the error message of a hook be the last output of the cookiecutter command.

    Otherwise cookiecutter prints a traceback of its own code, and a second message, after it.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        logging.getLogger("cookiecutter.hooks").addFilter(exit_after_hook_error)


def exit_after_hook_error(record: logging.LogRecord) -> bool:
    """End the command with the exit status of a hook that failed. Let other records pass.

    cookiecutter logs an error after it has removed the project. Programs that use it as a library
    still get its exception, and --verbose its traceback.
    """
    command = click.get_current_context(silent=True)
    failed = re.search(r"Hook script failed \(exit status: (\d+)\)", str(sys.exc_info()[1]))
    if record.levelno == logging.ERROR and failed and command and not command.params["verbose"]:
        command.exit(int(failed[1]))
    return True
