"""The commands `template-update` and `self-upgrade`, with which a project follows its template."""

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bootstrapper import plain_text
from bootstrapper.arguments import CommandParser
from bootstrapper.errors import InputError
from bootstrapper.next_step import edit, next_lines
from bootstrapper.progress import Progress
from bootstrapper.quoting import joined, quoted
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.commands.libraries import libraries
from vendor_fetch.commands.options import directory_of, project_of
from vendor_fetch.commands.outcome import report
from vendor_fetch.download.cache import Cache, cache_directory
from vendor_fetch.index.index import configured_index
from vendor_fetch.program import program_command, retry_command
from vendor_fetch.project.project import APPS_IN, BESIDE
from vendor_fetch.reports.table import counted
from vendor_fetch.sync.staging import recover
from vendor_fetch.sync.sync import sync
from vendor_fetch.template.origin import DIRTY, located, shown
from vendor_fetch.template.record import RECORD, read_record
from vendor_fetch.template_update.checkout import CONTEXT, Checkout, TemplateSource
from vendor_fetch.template_update.own_files import BOOTSTRAP, read_own_files
from vendor_fetch.template_update.self_upgrade import bootstrap_difference, is_own_bootstrap
from vendor_fetch.template_update.update import TemplateUpdate, Update, UpdateRequest

# The checkout that this package runs from, if it runs from one.
_CHECKOUT = Path(__file__).parents[2]


def add_parsers(commands: Any, common: CommandParser) -> None:
    """Add the parsers of the commands; each sets `run`, which returns the exit status."""
    updating = commands.add_parser(
        "template-update",
        parents=[common],
        help="merge the changes of the template since the project was generated, in a commit",
    )
    updating.add_argument(
        "--from",
        dest="start",
        default="",
        metavar="VERSION",
        help="the tag, commit or zip file that the project was generated from, if .template.json "
        "does not name it",
    )
    updating.add_argument(
        "--answers",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="answers to the questions of the template, or a JSON file with them; the recorded ones "
        "hold otherwise",
    )
    updating.set_defaults(run=run_update)
    renewing = commands.add_parser(
        "self-upgrade",
        parents=[common],
        help="renew bootstrapper's own wheel and bootstrap.py in the project",
    )
    renewing.set_defaults(run=run_self_upgrade)
    for each in (updating, renewing):
        each.add_argument(
            "--template",
            default="",
            metavar="ADDRESS",
            help="the template: a git address, a directory or a zip file, if it is not the recorded "
            "one",
        )
        each.add_argument(
            "--to",
            dest="end",
            default="",
            metavar="VERSION",
            help="a tag, branch or commit of the template (default: what a new project gets today)",
        )
        each.add_argument(
            "--dry-run", action="store_true", help="print what would change, and change nothing"
        )


def run_update(options: argparse.Namespace, progress: Progress) -> int:
    """Merge the template's changes. Return 1 if there are conflicts."""
    root = directory_of(options)
    request = UpdateRequest(
        address=_absolute(options.template),
        start=_absolute(options.start) if options.start.endswith(".zip") else options.start,
        end=options.end,
        answers=_answers(options.answers),
        dry_run=options.dry_run,
    )
    with _turn(root, progress), libraries():
        update = TemplateUpdate(
            root,
            request,
            cache=Cache(cache_directory()),
            index=configured_index(root),
            progress=progress,
        ).run()
    for line in _lines(update, dry_run=options.dry_run):
        progress.say(plain_text.single_line(line) if "\n" not in line else plain_text.lines(line))
    return 1 if update.conflicts else 0


def run_self_upgrade(options: argparse.Namespace, progress: Progress) -> int:
    """Renew bootstrapper's own files. Return 1 if bootstrap.py is the project's own and stays."""
    project = project_of(options)
    root = project.directory
    index = configured_index(root)
    with tempfile.TemporaryDirectory() as scratch:
        checkout = _own_checkout(root, options, Path(scratch), progress)
        own = read_own_files(checkout.directory, Path(scratch) / "wheel")
        keeps = not is_own_bootstrap(root, checkout)
    request = own.request(root, keep_bootstrap=keeps)
    if request:
        request = replace(request, dry_run=options.dry_run)
    status = report(
        sync(project, Cache(cache_directory()), index, progress, lambda: request),
        progress,
        nothing=f"Nothing to do: {own.wheel} and {BOOTSTRAP} are those of {shown(checkout.version)}",
    )
    would = "would be" if options.dry_run else "is"
    if request and request.files:
        progress.say(f"{own.wheel_path} {would} that of {shown(checkout.version)}")
    if request and BOOTSTRAP in request.edits:
        progress.say(f"{BOOTSTRAP} {would} that of {shown(checkout.version)}")
    if keeps:
        for line in bootstrap_difference(root, own):
            progress.say(plain_text.single_line(line))
        progress.say(
            f"{BOOTSTRAP} was changed in this project, so it stays; the difference is above"
        )
        progress.say(next_lines(edit(BOOTSTRAP, "take over what you need, then: ./bootstrap.py")))
    elif request and not options.dry_run:
        progress.say(next_lines("./bootstrap.py  # then: git add --all && git commit"))
    return 1 if keeps else status


def _own_checkout(
    root: Path, options: argparse.Namespace, scratch: Path, progress: Progress
) -> Checkout:
    """Return the template: the named one, else the recorded one, else the one that runs this."""
    record = read_record(root)
    address = _absolute(options.template) or located(record.address if record else "", root)
    if not address and (_CHECKOUT / CONTEXT).is_file():
        address = str(_CHECKOUT)
    if not address:
        raise InputError(
            str(RECORD),
            "there is no such file, so the address of the template is unknown",
            program_command("self-upgrade", "--template", "ADDRESS"),
        )
    source = TemplateSource(
        address=address,
        scratch=scratch,
        project=root,
        cache=Cache(cache_directory()),
        index=configured_index(root),
        progress=progress,
    )
    return source.at(options.end) if options.end else source.current()


@contextmanager
def _turn(root: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of a project, and complete what a killed run has left."""
    with project_lock(root, lambda: progress.say("waiting for another vendor_fetch here")):
        if (root / BESIDE).is_dir():
            with project_lock(root / APPS_IN.parent):
                recover(root)
        yield


def _absolute(address: str) -> str:
    """Return an address; a path from the current directory becomes absolute."""
    path = Path(address).expanduser()
    return str(path.absolute()) if address and path.exists() else address


def _answers(words: list[str]) -> Mapping[str, Any]:
    """Return the answers of the command line. Raise InputError for a faulty one."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.isidentifier():
            found[name] = value
        else:
            found |= _answers_in(Path(word))
    return found


def _answers_in(file: Path) -> Mapping[str, Any]:
    """Return the answers of a JSON file, such as cookiecutter keeps for a replay."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        answers = content.get("cookiecutter", content.get("answers", content))
        return {name: value for name, value in answers.items() if not name.startswith("_")}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"--answers {file}",
            f"is neither NAME=VALUE nor a JSON file with answers ({error})",
            f"{retry_command()} --answers NAME=VALUE",
        ) from None


def _lines(update: Update, *, dry_run: bool) -> Iterator[str]:
    """Yield the lines that describe an update."""
    if not update.changed and not update.conflicts:
        yield f"Nothing to do: the project follows version {shown(update.end)} of its template"
        return
    if not update.yours and update.start == update.end:
        yield "The generated files are made; the update is complete."
    names = {"000000": "removed"}
    for file in update.changed:
        verb = names.get(file.mode) or ("added" if file.old_mode == "000000" else "changed")
        yield f"{verb:<8} {file.path}"
    for conflict in update.conflicts:
        yield f"conflict {conflict.path}: {conflict.sides}"
    if update.end.endswith(DIRTY):
        yield (
            "warning: the template has changes that no commit has; after the next change there, name "
            "the version with --from"
        )
    if update.yours:
        yield "The template has changed these files, which are yours and were not touched:"
        yield from (f"  {path}" for path in update.yours)
        command = joined(["git", "diff", *update.trees, "--", *update.yours])
        yield next_lines(f"{command}  # shows the changes")
    if update.wishes:
        yield "The template asks for packages that it did not ask for before; the project needs them if"
        yield "its code does:"
        yield next_lines(program_command("add", *update.wishes))
    for name, answer in update.defaults.items():
        yield f"The template has a new question, {name}; its default is taken: {answer!r}"
    for note in update.notes:
        yield f"\n{note}\n"
    yield from _ending(update, dry_run=dry_run)


def _ending(update: Update, *, dry_run: bool) -> Iterator[str]:
    versions = f"{shown(update.start)} to {shown(update.end)}"
    if update.conflicts:
        count = counted(len(update.conflicts), "conflict")
        if dry_run:
            yield f"{count} from {versions}; nothing was changed"
            return
        again = program_command("template-update")
        yield f"{count} from {versions}: the update is not complete"
        yield next_lines(
            [
                "git status  # edit each file, or git mergetool; then git add it, or git rm it",
                f"git cherry-pick --continue && {again}  # completes the update",
                "git cherry-pick --abort  # instead: gives everything back",
            ]
        )
    elif dry_run:
        yield f"{counted(len(update.changed), 'file')} would change from {versions}"
        yield next_lines(f"git diff HEAD {update.commit}  # shows the changes")
    else:
        yield f"{counted(len(update.changed), 'file')} changed from {versions}, in a new commit"
        yield next_lines(
            f"git show --stat && ./bootstrap.py  # or, to undo it: git reset --keep {quoted('HEAD~1')}"
        )
