"""`rebuild`, `check` and `store`: a project's ve and the store it is made from."""

import argparse
import os
import sys
from dataclasses import asdict
from pathlib import Path

from bootstrapper import plain_text
from bootstrapper.commands.parsers import Subparsers, project_parser, verbosity_parser
from bootstrapper.program import PROGRAM
from bootstrapper.progress import Progress
from bootstrapper.ve.project.project import Project
from bootstrapper.ve.rebuild import Options, rebuild
from bootstrapper.ve.store.location import existing
from bootstrapper.ve.system.file_installer import LINK_MODES


def add(commands: Subparsers, program: str) -> None:
    """Add the three commands; alone, `./bootstrap.py` shows itself as `program`."""
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False, parents=[project_parser()])
    common.add_argument(
        "--jobs",
        type=_positive,
        default=len(os.sched_getaffinity(0)),
        metavar="N",
        help="how many files or wheels at a time (default: %(default)s)",
    )

    command = commands.add_parser(
        "rebuild",
        parents=[common],
        allow_abbrev=False,
        prog=None if program == PROGRAM else program,
        help="wipe and rebuild ve/, offline and exactly",
    )
    command.add_argument(
        "--python",
        metavar="PYTHON",
        help="path or version of the Python to build the ve of (default: what "
        "requires-python in pyproject.toml asks for)",
    )
    command.add_argument(
        "--link-mode",
        choices=LINK_MODES,
        default="auto",
        help="how files of the store get into the ve; auto: by hardlink where "
        "the file system can, else as copies (default: auto)",
    )
    command.add_argument(
        "--no-store",
        dest="store",
        action="store_false",
        help="neither use nor fill the store that the user's projects share",
    )
    command.set_defaults(run=_rebuild, standing=_standing)

    command = commands.add_parser(
        "check",
        parents=[common],
        allow_abbrev=False,
        help="compare ve/ and the vendored files with the lock",
    )
    command.set_defaults(run=_check)

    store = commands.add_parser(
        "store", allow_abbrev=False, help="the unpacked wheels that the user's projects share"
    ).add_subparsers(metavar="COMMAND", required=True)
    command = store.add_parser(
        "info",
        parents=[verbosity_parser()],
        allow_abbrev=False,
        help="size, entries, and what is saved across projects",
    )
    command.add_argument("--json", action="store_true", help="for scripts; sizes in bytes")
    command.set_defaults(run=_store_info)
    command = store.add_parser(
        "prune",
        parents=[verbosity_parser()],
        allow_abbrev=False,
        help="remove what no rebuild has used for some days",
    )
    command.add_argument(
        "--days", type=float, default=30, metavar="N", help="how many (default: %(default)s)"
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


def _standing(options: argparse.Namespace) -> str:
    return "ve/ is whole" if (options.project / "ve").exists() else ""


def _check(options: argparse.Namespace) -> int:
    from bootstrapper.ve.check import check  # a rebuild needn't wait for what it doesn't use
    from bootstrapper.ve.project.difference import next_steps

    project = Project(options.project)
    progress = Progress(verbosity=options.verbosity)
    differences = check(project, jobs=options.jobs, progress=progress)
    for difference in differences:
        print(plain_text.lines(str(difference)))
    if differences:
        sys.stdout.flush()
        print(
            f"{len(differences)} difference{'s' if len(differences) > 1 else ''}",
            *(f"  next: {step}" for step in next_steps(differences)),
            sep="\n",
            file=sys.stderr,
        )
        return 1
    progress.say("ve/ and vendored files are what the lock says")
    return 0


def _store_info(options: argparse.Namespace) -> int:
    from bootstrapper.ve.store.inventory import Inventory, items

    store = existing(Path.cwd())
    with store.shared():
        total = Inventory.of(list(items(store)))
    if options.json:
        import json

        print(json.dumps({"path": os.fspath(store.root), **asdict(total)}))
        return 0
    print(
        f"{'store':<11} {store.root}\n"
        f"{'entries':<11} {total.items}, {total.files} files\n"
        f"{'size':<11} {total.size / 1e6:.1f} MB\n"
        f"{'saved':<11} {total.saved / 1e6:.1f} MB, which the projects that share them would "
        "take more"
    )
    return 0


def _store_prune(options: argparse.Namespace) -> int:
    from bootstrapper.ve.store.inventory import prune

    gone, left = prune(existing(Path.cwd()), days=options.days)
    print(
        f"removed {gone.items} of {gone.items + left.items} entries that nobody has used for "
        f"{options.days:g} days; {left.size / 1e6:.1f} MB stay"
    )
    return 0


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)
