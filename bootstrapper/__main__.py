"""The command line: `python -m bootstrapper COMMAND`."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from bootstrapper.errors import BootstrapperError, refused
from bootstrapper.progress import Progress
from bootstrapper.ve.copying import LINK_MODES
from bootstrapper.ve.project import Project
from bootstrapper.ve.rebuild import Options, rebuild
from bootstrapper.ve.store import Store
from bootstrapper.ve.store_home import user_directory

INTERRUPTED = 130
PROGRAM = "bootstrapper"


def main(argv: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Run one command; returns the exit status that DESIGN promises."""
    options = _parser(program).parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted; ve/ is whole", file=sys.stderr)
        return INTERRUPTED
    except (BootstrapperError, OSError) as failure:
        if options.verbosity > 0:
            import traceback

            traceback.print_exc()
        error = refused(failure, Path.cwd(), again="the same command") if isinstance(
            failure, OSError) else failure
        print(f"{program}: {error}", file=sys.stderr)
        if options.run is _rebuild and (options.project / "ve").exists():
            print("  ve/ is as it was", file=sys.stderr)
        return error.status
    except Exception as error:
        if options.verbosity > 0:
            raise
        print(f"{program}: unexpected {type(error).__name__}: {error}\n"
              f"  next: this is our mistake; run it with -v and report what it prints",
              file=sys.stderr)
        return 1


def _rebuild(options: argparse.Namespace) -> int:
    rebuild(Project(options.project), Options(
        python=options.python, jobs=options.jobs, link_mode=options.link_mode,
        store=options.store), Progress(verbosity=options.verbosity))
    return 0


def _check(options: argparse.Namespace) -> int:
    from bootstrapper.ve.check import check  # a rebuild needn't wait for what it doesn't use

    project = Project(options.project)
    progress = Progress(verbosity=options.verbosity)
    differences = check(project, jobs=options.jobs, progress=progress)
    for difference in differences:
        print(difference)
    if differences:
        sys.stdout.flush()
        print(f"{len(differences)} difference{'s' if len(differences) > 1 else ''}\n"
              "  next: git checkout -- requirements brings vendored files back, then "
              "./bootstrap.py makes the ve anew", file=sys.stderr)
        return 1
    progress.say("ve/ and vendored files are what the lock says")
    return 0


def _store_info(options: argparse.Namespace) -> int:
    from bootstrapper.ve.inventory import Inventory, items

    store = Store(user_directory())
    with store.in_use():
        total = Inventory.of(list(items(store)))
    if options.json:
        import json

        print(json.dumps({"path": os.fspath(store.root), **asdict(total)}))
        return 0
    print(f"{'store':<11} {store.root}\n"
          f"{'entries':<11} {total.items}, {total.files} files\n"
          f"{'size':<11} {total.size / 1e6:.1f} MB\n"
          f"{'saved':<11} {total.saved / 1e6:.1f} MB, which the projects that share them would "
          "take more")
    return 0


def _store_prune(options: argparse.Namespace) -> int:
    from bootstrapper.ve.inventory import prune

    gone, left = prune(Store(user_directory()), days=options.days)
    print(f"removed {gone.items} of {gone.items + left.items} entries that nobody has used for "
          f"{options.days:g} days; {left.size / 1e6:.1f} MB stay")
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, allow_abbrev=False,
                                     description="Rebuild a project's ve from its vendored files.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    verbosity = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    volume = verbosity.add_mutually_exclusive_group()
    volume.add_argument("-q", dest="verbosity", action="store_const", const=-1, default=0,
                        help="say nothing but errors")
    volume.add_argument("-v", dest="verbosity", action="store_const", const=1,
                        help="name every file; show tracebacks")
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False, parents=[verbosity])
    common.add_argument("--project", type=Path, default=Path(), metavar="DIRECTORY",
                        help="the project (default: the current directory)")
    common.add_argument("--jobs", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N",
                        help="how many files or wheels at a time (default: %(default)s)")

    command = commands.add_parser("rebuild", parents=[common], allow_abbrev=False,
                                  prog=f"{program} rebuild" if program == PROGRAM else program,
                                  help="wipe and rebuild ve/, offline and exactly")
    command.add_argument("--python", metavar="PYTHON",
                         help="path or version of the Python to build the ve of (default: what "
                              "requires-python in pyproject.toml asks for)")
    command.add_argument("--link-mode", choices=LINK_MODES, default="auto",
                         help="how files of the store get into the ve; auto: by hardlink where "
                              "the file system can, else as copies (default: auto)")
    command.add_argument("--no-store", dest="store", action="store_false",
                         help="neither use nor fill the store that the user's projects share")
    command.set_defaults(run=_rebuild)

    command = commands.add_parser("check", parents=[common], allow_abbrev=False,
                                  help="compare ve/ and the vendored files with the lock")
    command.set_defaults(run=_check)

    store = commands.add_parser("store", allow_abbrev=False,
                                help="the unpacked wheels that the user's projects share"
                                ).add_subparsers(metavar="COMMAND", required=True)
    command = store.add_parser("info", parents=[verbosity], allow_abbrev=False,
                               help="size, entries, and what is saved across projects")
    command.add_argument("--json", action="store_true", help="for scripts; sizes in bytes")
    command.set_defaults(run=_store_info)
    command = store.add_parser("prune", parents=[verbosity], allow_abbrev=False,
                               help="remove what no rebuild has used for some days")
    command.add_argument("--days", type=float, default=30, metavar="N",
                         help="how many (default: %(default)s)")
    command.set_defaults(run=_store_prune)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGTERM and a lost terminal end a rebuild as Ctrl-C does: cleanly."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
