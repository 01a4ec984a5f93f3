"""Set up `.tools/`, the environment that vendoring runs in. `make vendor` does it once.

The Makefile of a project runs this module from the wheel that the project carries, with a Python
that has no packages: `PYTHONPATH=requirements/src/bootstrapper-….whl python3 -m
vendor_fetch.environment`.
"""

from bootstrapper.search_path import leave_current_directory

if __name__ == "__main__":
    leave_current_directory()

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bootstrapper.errors import BootstrapperError, WorkFailed, error_text
from bootstrapper.quoting import quoted
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.download.cache import cache_directory
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.index.pip import pip_environment
from vendor_fetch.private_directory import make_private, require_private
from vendor_fetch.program import MAKE

# The wheel that this module is in.
WHEEL = Path(__file__).parents[1]
_PIP = ("-P", "-m", "pip", "--quiet", "--disable-pip-version-check")


def _print(line: str) -> None:
    print(line, flush=True)


def set_up(
    directory: Path, shared: Path, wheel: Path = WHEEL, say: Callable[[str], None] = _print
) -> None:
    """Create a virtualenv with vendor_fetch and its requirements, and last `complete` in it.

    `wheel` has vendor_fetch. The packages come from `shared`, which an earlier set-up has filled, or
    else from the index that pip is configured for. A second set-up at the same time waits. Raise
    WorkFailed or OSError, also if another user can change `shared`.
    """
    if directory.is_symlink():  # a new virtualenv would delete what is in the other directory
        raise WorkFailed(
            ".tools", "is a link to another directory", f"rm {quoted(str(directory))} && {MAKE}"
        )
    directory.mkdir(exist_ok=True)
    complete = directory / "complete"
    with project_lock(directory, lambda: say("waiting for another run to set up .tools/")):
        if complete.exists() and complete.stat().st_mtime >= wheel.stat().st_mtime:
            return
        if is_offline() and not shared.is_dir():
            raise _offline_error(shared)
        for each in (shared.parent, shared):
            require_private(each)
        say("setting up .tools/ (once)")
        if not _run(sys.executable, "-P", "-m", "venv", "--clear", str(directory)):
            raise WorkFailed(
                ".tools",
                f"{sys.executable} can't create a virtualenv; the reason is above",
                f"apt-get install python3-venv  # as root, on Debian; then: {MAKE}",
            )
        if not _install(directory, shared, wheel, quiet=True):
            if is_offline():
                raise _offline_error(shared)
            _download(directory, shared, wheel)
        complete.touch()


def _download(directory: Path, shared: Path, wheel: Path) -> None:
    make_private(shared, shared.parent)
    with tempfile.TemporaryDirectory(dir=shared.parent) as scratch:
        if not (
            _run(_python(directory), *_PIP, "download", "--dest", scratch, f"{wheel}[vendor]")
            and _install(directory, Path(scratch), wheel)
        ):
            raise WorkFailed(
                ".tools",
                "the packages that vendoring runs with can't be installed; the reason is above",
                f"{MAKE}  # when the index that pip is configured for can be reached",
            )
        for path in Path(scratch).iterdir():
            if path.name != wheel.name:  # each project has its own
                path.rename(shared / path.name)


def _install(directory: Path, files: Path, wheel: Path, *, quiet: bool = False) -> bool:
    # Isolated: pip's configuration may name other locations, which pip would search as well.
    return _run(
        _python(directory),
        *_PIP,
        "--isolated",
        "install",
        "--no-index",
        "--find-links",
        str(files),
        f"{wheel}[vendor]",
        quiet=quiet,
    )


def _python(directory: Path) -> str:
    return str(directory / "bin/python")


def _run(*command: str, quiet: bool = False) -> bool:
    """Run a command with the permitted settings of pip. Return whether it succeeded."""
    environment = pip_environment(os.environ)
    environment.pop("PYTHONPATH", None)
    run = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    return run.returncode == 0


def _offline_error(shared: Path) -> WorkFailed:
    return WorkFailed(
        ".tools",
        f"{shared} lacks the packages that vendoring runs with (uv, requests), "
        "and VENDOR_FETCH_OFFLINE forbids the index",
        f"env -u VENDOR_FETCH_OFFLINE {MAKE}",
    )


def main() -> int:
    """Set up the project in the current directory and return the exit status."""
    try:
        set_up(Path(".tools").absolute(), cache_directory() / "tools")
    except KeyboardInterrupt:
        print(f"interrupted\n  next: {MAKE}", file=sys.stderr)
        return 130
    except (BootstrapperError, OSError) as error:
        print(error_text(error, retry=MAKE), file=sys.stderr)
        return error.status if isinstance(error, BootstrapperError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
