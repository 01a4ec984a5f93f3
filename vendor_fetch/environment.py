"""Sets up `.tools/`, the environment that vendoring itself runs in: `make vendor` does it once.

A project's Makefile runs it from the wheel that the project carries, by a Python that has nothing
else: `PYTHONPATH=requirements/src/bootstrapper-….whl python3 -m vendor_fetch.environment`.
"""

from bootstrapper.search_path import leave_current_directory

if __name__ == "__main__":
    leave_current_directory()

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrapper.errors import BootstrapperError, WorkFailed, error_text
from bootstrapper.ve.project.project_lock import project_lock
from vendor_fetch.download.cache import cache_directory
from vendor_fetch.download.fetch import is_offline
from vendor_fetch.index.pip import pip_environment

# The wheel that this is read from.
OWN = Path(__file__).parents[1]
_PIP = ("-P", "-m", "pip", "--quiet", "--disable-pip-version-check")


def set_up(directory: Path, kept: Path) -> None:
    """Make `directory` a ve with vendor_fetch and what it runs with; `complete` in it comes last.

    The files come from `kept`, which another project's set-up has filled, else from the index
    that pip is configured for. Two set-ups at once take turns. Raises WorkFailed or OSError.
    """
    directory.mkdir(exist_ok=True)
    complete = directory / "complete"
    with project_lock(
        directory, lambda: print("waiting for another make vendor to set up .tools/")
    ):
        if complete.exists() and complete.stat().st_mtime >= OWN.stat().st_mtime:
            return
        if is_offline() and not kept.is_dir():
            raise _forbidden(kept)
        print("setting up .tools/ (once)", flush=True)
        if not _run(sys.executable, "-P", "-m", "venv", "--clear", str(directory)):
            raise WorkFailed(
                ".tools",
                f"{sys.executable} can't make a ve; why is above",
                "mend that (Debian: apt install python3-venv), then: make vendor",
            )
        if not _install(directory, kept, quiet=True):
            if is_offline():
                raise _forbidden(kept)
            _download(directory, kept)
        complete.touch()


def _download(directory: Path, kept: Path) -> None:
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        if not (
            _run(_python(directory), *_PIP, "download", "--dest", scratch, f"{OWN}[vendor]")
            and _install(directory, Path(scratch))
        ):
            raise WorkFailed(
                ".tools",
                "what vendoring runs with can't be installed; why is above",
                "see that the index that pip is configured for can be reached, then: make vendor",
            )
        for path in Path(scratch).iterdir():
            if path.name != OWN.name:  # each project has its own
                path.rename(kept / path.name)


def _install(directory: Path, files: Path, *, quiet: bool = False) -> bool:
    # Isolated: pip's configuration may name more places to look in, and pip would ask them, too.
    return _run(
        _python(directory),
        *_PIP,
        "--isolated",
        "install",
        "--no-index",
        "--find-links",
        str(files),
        f"{OWN}[vendor]",
        quiet=quiet,
    )


def _python(directory: Path) -> str:
    return str(directory / "bin/python")


def _run(*command: str, quiet: bool = False) -> bool:
    environment = pip_environment(os.environ)
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
        stderr=subprocess.DEVNULL if quiet else None,
    )
    return done.returncode == 0


def _forbidden(kept: Path) -> WorkFailed:
    return WorkFailed(
        ".tools",
        f"what vendoring runs with (uv, requests) is not in {kept} yet, "
        "and VENDOR_FETCH_OFFLINE forbids the index",
        "run make vendor once without VENDOR_FETCH_OFFLINE, in any project",
    )


def main() -> int:
    """Set up the project in the current directory; exit status."""
    try:
        set_up(Path(".tools").absolute(), cache_directory() / "tools")
    except KeyboardInterrupt:
        print("interrupted\n  next: make vendor", file=sys.stderr)
        return 130
    except (BootstrapperError, OSError) as error:
        print(error_text(error), file=sys.stderr)
        return error.status if isinstance(error, BootstrapperError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
