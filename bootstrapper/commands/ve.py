"""The commands `rebuild`, `check` and `store`."""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

from bootstrapper import plain_text
from bootstrapper.commands.parsers import Subparsers, project_parser, verbosity_parser
from bootstrapper.next_step import next_lines
from bootstrapper.program import TYPED
from bootstrapper.progress import Progress
from bootstrapper.ve.project.project import Project
from bootstrapper.ve.rebuild import Options, rebuild
from bootstrapper.ve.store.location import existing
from bootstrapper.ve.system.file_installer import LINK_MODES


def _cores() -> int:
    """Return the number of cores that this process may use; macOS tells those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def add(commands: Subparsers, program: str) -> None:
    """Add the three parsers. `program` is the command that users type; bootstrap.py has its own."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False, parents=[project_parser()])
    common.add_argument(
        "--jobs",
        type=_positive,
        default=_cores(),
        metavar="N",
        help="number of files or wheels to process at a time (default: %(default)s)",
    )

    command = commands.add_parser(
        "rebuild",
        parents=[common],
        allow_abbrev=False,
        prog=None if program == TYPED else program,
        help="rebuild ve/ from the vendored files, without a network",
    )
    command.add_argument(
        "--python",
        metavar="PYTHON",
        help="path or version of the Python for ve/ (default: one that "
        "requires-python in pyproject.toml allows)",
    )
    command.add_argument(
        "--link-mode",
        choices=LINK_MODES,
        default="auto",
        help="how to install files of the store; auto: as hardlinks if "
        "the file system allows it, else as copies (default: auto)",
    )
    command.add_argument(
        "--no-store",
        dest="store",
        action="store_false",
        help="do not use the store that the user's projects share",
    )
    command.set_defaults(run=_rebuild, after_failure=_after_failure)

    command = commands.add_parser(
        "check",
        parents=[common],
        allow_abbrev=False,
        help="compare ve/ and the vendored files with the lock",
    )
    command.set_defaults(run=_check)

    store = commands.add_parser(
        "store",
        allow_abbrev=False,
        help="manage the unpacked wheels that the user's projects share",
    ).add_subparsers(metavar="COMMAND", required=True)
    command = store.add_parser(
        "info",
        parents=[verbosity_parser()],
        allow_abbrev=False,
        help="show the size, the entries, and the disk space that sharing saves",
    )
    command.add_argument("--json", action="store_true", help="print JSON; sizes are in bytes")
    command.set_defaults(run=_store_info)
    command = store.add_parser(
        "prune",
        parents=[verbosity_parser()],
        allow_abbrev=False,
        help="remove entries that no rebuild has used for some days",
    )
    command.add_argument(
        "--days", type=float, default=30, metavar="N", help="how many days (default: %(default)s)"
    )
    command.set_defaults(run=_store_prune)


def _rebuild(options: argparse.Namespace) -> int:
    rebuild(
        Project(options.project),
        Options(
            python=options.python,
            jobs=options.jobs,
            link_mode=options.link_mode,
            store=options.store,
        ),
        Progress(verbosity=options.verbosity),
    )
    return 0


def _after_failure(options: argparse.Namespace) -> str:
    return "ve/ is unchanged" if (options.project / "ve").exists() else ""


def _check(options: argparse.Namespace) -> int:
    from bootstrapper.ve.check import check  # not for a rebuild
    from bootstrapper.ve.project.difference import next_steps

    project = Project(options.project)
    progress = Progress(verbosity=options.verbosity)
    differences = check(project, jobs=options.jobs, progress=progress)
    for difference in differences:
        print(plain_text.lines(plain_text.without_next(str(difference))))
    if differences:
        sys.stdout.flush()
        print(
            f"{len(differences)} difference{'s' if len(differences) > 1 else ''}",
            *(next_lines(step) for step in next_steps(differences)),
            sep="\n",
            file=sys.stderr,
        )
        return 1
    progress.say("ve/ and vendored files match the lock")
    return 0


def _store_info(options: argparse.Namespace) -> int:
    from bootstrapper.ve.store.inventory import Inventory, items

    store = existing(Path.cwd())
    with store.shared():
        total = Inventory.of(list(items(store)))
    if options.json:
        from bootstrapper.commands.output import json_text  # not for a rebuild

        print(json_text({"path": os.fspath(store.root), **asdict(total)}, indent=None))
        return 0
    print(
        f"{'store':<11} {store.root}\n"
        f"{'entries':<11} {total.items}, {total.files} files\n"
        f"{'size':<11} {total.size / 1e6:.1f} MB\n"
        f"{'saved':<11} {total.saved / 1e6:.1f} MB that projects would take without sharing"
    )
    return 0


def _store_prune(options: argparse.Namespace) -> int:
    from bootstrapper.ve.store.inventory import prune

    removed, kept = prune(existing(Path.cwd()), days=options.days)
    print(
        f"removed {removed.items} of {removed.items + kept.items} entries, unused for "
        f"{options.days:g} days; {kept.size / 1e6:.1f} MB remain"
    )
    return 0


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
