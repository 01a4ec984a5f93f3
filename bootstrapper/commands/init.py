"""`init`: write deploy/ for a project of another stack than Django."""

import argparse
import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from bootstrapper.commands.parsers import Subparsers, project_parser
from bootstrapper.commands.prompt import NOTHING, ask_value, ask_yes, is_terminal
from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.stacks import find, undo
from bootstrapper.deploy.stacks.answers import common_questions, given_answers, left_empty
from bootstrapper.deploy.stacks.aside import IGNORE, remove_leftovers
from bootstrapper.deploy.stacks.checks import check_line, fits
from bootstrapper.deploy.stacks.deployments_file import (
    definition_text,
    possible_stages,
    stage_groups,
)
from bootstrapper.deploy.stacks.new_files import (
    refuse_unfit_directory,
    with_ignored_lines,
    write_files,
)
from bootstrapper.deploy.stacks.origin import Origin, find_origin
from bootstrapper.deploy.stacks.project_file import has_make_target
from bootstrapper.deploy.stacks.shared_paths import create_command, frozen_directories, shared_files
from bootstrapper.deploy.stacks.stack import Question, Stack, check_answer
from bootstrapper.errors import InputError, Locked
from bootstrapper.next_step import edit, next_lines
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM, command_line, vendor_fetch_command
from bootstrapper.progress import Progress
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.project_lock import project_lock


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "init",
        parents=[project_parser()],
        allow_abbrev=False,
        help="write deploy/ for a project of another stack than Django: PHP, Perl, Java, Plone, Node, a "
        "static site; print what would change, ask, and change it",
    )
    command.add_argument(
        "--stack",
        choices=find.STACKS,
        default="",
        help="what the project is made with (default: as its files say)",
    )
    command.add_argument(
        "--set",
        dest="values",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="the value of a setting, or branch=NAME, instead of a question; several times for several",
    )
    command.add_argument(
        "--yes", action="store_true", help="write the files with what was found, without a question"
    )
    command.add_argument(
        "--dry-run", action="store_true", help="print what would change, and change nothing"
    )
    command.add_argument(
        "--undo", action="store_true", help="give back every file as it was before init"
    )
    command.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> int:
    project = options.project.resolve()
    progress = Progress(verbosity=options.verbosity)
    if not project.is_dir():
        raise InputError(
            str(project), "there is no such directory", f"ls {quoted(str(project.parent))}"
        )
    if options.undo:
        return _undo(project, progress, dry_run=options.dry_run)
    if os.path.lexists(project / FILE):
        with suppress(Locked), project_lock(project):
            remove_leftovers(project)
        progress.say(f"Nothing to do: {FILE} is there")
        return 0
    refuse_unfit_directory(project)
    ignore = with_ignored_lines(project)
    asks = is_terminal() and not options.yes and not options.dry_run
    name = _stack_name(project, options.stack, progress, asks=asks)
    origin = find_origin(project)
    if origin.directory and not fits(check_line, origin.directory):
        raise InputError(
            origin.directory,
            "a push can't name this directory",
            f"mv {quoted(str(project))} {quoted(str(project.parent / 'site'))}",
        )
    stack = find.describe(name, project, origin.directory)
    progress.say(f"{single_line(project.name)}: {stack.title}")
    questions = common_questions(project, origin, stack)
    has_tests = not origin.directory and has_make_target(project, "test")
    answers = _answers(questions, stack, options, progress, asks=asks)
    text = definition_text(stack, questions, answers, has_tests=has_tests)
    for line in _difference(project, {IGNORE: ignore, FILE: text.encode()}):
        progress.say(line)
    stages = [
        each for _, group in stage_groups(stack, answers, has_tests=has_tests) for each in group
    ]
    empty = left_empty(RecipeCatalog(project), stages, answers)
    for line in _notes(project, origin, stack, answers, empty):
        progress.say(f"note: {single_line(line)}")
    if options.dry_run:
        return 0
    if not options.yes and not _is_wanted(progress):
        progress.say("nothing was changed")
        return 1
    with project_lock(project):
        write_files(project, text)
    fill = edit(FILE, f"fill in {', '.join(empty)}")
    dry_run = f"{PROGRAM} deploy --dry-run"
    files = f"{FILE} {IGNORE}" if ignore is not None else FILE
    commit = f"git add {files} && git commit -m 'Deploy with bootstrapper'"
    commit += f"  # or: {PROGRAM} init --undo"
    commands = [fill, dry_run, commit] if empty else [dry_run, commit]
    created = shared_files(answers.get("SHARED_PATHS", ""))
    if created and answers["REMOTE_HOST"]:
        commands.append(
            create_command(answers["REMOTE_HOST"], answers["REMOTE_DIRECTORY"], created)
        )
    progress.say(next_lines(commands))
    return 0


def _undo(project: Path, progress: Progress, *, dry_run: bool) -> int:
    """Give the project back, or print what would change."""
    refuse_unfit_directory(project)
    if dry_run:
        for name in undo.files_to_undo(project):
            progress.say(f"would be as before init: {name}")
        return 0
    with project_lock(project):
        remove_leftovers(project)
        files, kept = undo.undo(project)
    for name in files:
        progress.detail(f"  {name}")
    for line in kept:
        progress.say(single_line(line))
    progress.say("every file is as it was before init")
    return 0


def _stack_name(project: Path, named: str, progress: Progress, *, asks: bool) -> str:
    """Return the stack of the project. Raise InputError if its files show none, or several."""
    if named:
        return named
    if manage := find.django_project(project):
        again = f"{command_line()} --stack plain"
        if (project / "requirements/apps.txt").is_file():
            raise InputError(
                manage,
                "is a Django project with vendored files, for which the template has a deploy/",
                f"{again}  # then add the stages bootstrap, migrate, collectstatic and touch-wsgi",
            )
        raise InputError(
            manage,
            "is a Django project; it gets its vendored files first",
            f"{vendor_fetch_command()} init\n{again}  # without vendored files",
        )
    found = find.candidates(project)
    if len(found) == 1:
        return next(iter(found))
    files = ", ".join(f"{name} ({file})" for name, file in found.items())
    fault = f"can be of several stacks: {files}" if found else "has no file that shows its stack"
    choices = tuple(found) or find.STACKS
    if not asks:
        if not found and (inside := find.below(project)):
            raise InputError(
                str(project),
                f"{fault}; directories in it have: "
                + ", ".join(f"{name}/{file}" for name, file in inside.items()),
                "\n".join(f"cd {quoted(str(project / name))} && {PROGRAM} init" for name in inside),
            )
        again = f"{command_line()} --stack"
        others = ", ".join(name for name in choices if name != "plain")
        raise InputError(
            str(project),
            fault,
            "\n".join(f"{again} {name}" for name in found) or f"{again} plain  # or {others}",
        )
    progress.prompt(f"{single_line(project.name)} {fault}\n")

    def check(answer: str) -> None:
        if answer not in choices:
            raise InvalidValue(f"it is one of {', '.join(choices)}")

    return ask_value(progress, "stack", f"One of {', '.join(choices)}.", choices[0], check)


def _answers(
    questions: Sequence[Question],
    stack: Stack,
    options: argparse.Namespace,
    progress: Progress,
    *,
    asks: bool,
) -> dict[str, str]:
    """Return a value for each question, and those of --set."""
    by_name = {each.name: each for each in questions}
    stages = possible_stages(stack)
    given = given_answers(options.values, by_name, stages, RecipeCatalog(options.project))
    if asks:
        progress.prompt(f"Enter takes what is in brackets; {NOTHING} leaves a value empty.\n")
    answers = {}
    for name, question in by_name.items():
        check = partial(check_answer, name, question=question)
        default = question.default if fits(check, question.default) else ""
        if name in given:
            answers[name] = given[name]
        elif asks:
            answers[name] = ask_value(progress, name, question.text, default, check)
        else:
            answers[name] = default
    return {**answers, **given}


def _difference(project: Path, files: Mapping[str, bytes | None]) -> Iterator[str]:
    """Yield the difference of each file as git would print it."""
    for name, content in files.items():
        if content is None:
            continue
        path = project / name
        old = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for line in difflib.unified_diff(
            old.splitlines(),
            content.decode("utf-8", "replace").splitlines(),
            name if old else "/dev/null",
            name,
            lineterm="",
        ):
            yield single_line(line)


def _notes(
    project: Path, origin: Origin, stack: Stack, answers: Mapping[str, str], empty: Sequence[str]
) -> Iterator[str]:
    """Yield what the user has to know or to do."""
    if origin.note:
        yield origin.note
    yield from stack.notes
    frozen = frozen_directories(project) if not answers.get("SHARED_PATHS") else []
    if frozen:
        yield (
            f"git has {' and '.join(frozen)}; without SHARED_PATHS, the first push moves "
            f"{'it' if len(frozen) == 1 else 'them'} to shared/, and later pushes do not change it"
        )
    if files := shared_files(answers.get("SHARED_PATHS", "")):
        yield f"create on the server before the first push: {', '.join(files)}"
    if empty:
        yield f"left empty, and a push needs them: {', '.join(empty)}"


def _is_wanted(progress: Progress) -> bool:
    if not is_terminal():
        raise InputError(
            "init",
            "has no terminal to ask at; nothing was changed",
            f"{command_line()} --yes  # after reading the above",
        )
    return ask_yes(progress, f"Write {FILE}?")
