"""The command line: `python -m bootstrapper COMMAND`."""

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from bootstrapper.errors import BootstrapperError
from bootstrapper.progress import Progress
from bootstrapper.ve.check import check
from bootstrapper.ve.linking import LINK_MODES
from bootstrapper.ve.project import Project
from bootstrapper.ve.rebuild import Options, rebuild

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None, program: str = "bootstrapper") -> int:
    """Run one command; returns the exit status that DESIGN promises."""
    options = _parser(program).parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        print(f"\n{program}: interrupted; ve/ is whole", file=sys.stderr)
        return INTERRUPTED
    except BootstrapperError as error:
        if options.verbosity > 0:
            traceback.print_exc()
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
    project = Project(options.project)
    progress = Progress(verbosity=options.verbosity)
    differences = check(project, jobs=options.jobs, progress=progress)
    for difference in differences:
        print(difference)
    if differences:
        print(f"{len(differences)} differences; next: ./bootstrap.py makes the ve anew, "
              "git checkout -- requirements brings vendored files back", file=sys.stderr)
        return 1
    progress.say("ve/ and vendored files are what the lock says")
    return 0


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, allow_abbrev=False,
                                     description="Rebuild a project's ve from its vendored files.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--project", type=Path, default=Path.cwd(), metavar="DIRECTORY",
                        help="the project (default: the current directory)")
    common.add_argument("--jobs", type=_positive, default=len(os.sched_getaffinity(0)), metavar="N",
                        help="how many files or wheels at a time (default: %(default)s)")
    volume = common.add_mutually_exclusive_group()
    volume.add_argument("-q", dest="verbosity", action="store_const", const=-1, default=0,
                        help="say nothing but errors")
    volume.add_argument("-v", dest="verbosity", action="store_const", const=1,
                        help="name every file; show tracebacks")

    command = commands.add_parser("rebuild", parents=[common], allow_abbrev=False,
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
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _interrupt(signum: int, frame: FrameType | None) -> None:
    """SIGTERM and a lost terminal end a rebuild as Ctrl-C does: cleanly."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
