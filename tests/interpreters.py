"""The Pythons that tests can build a ve of: those on PATH, and those of a pyenv beside it."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

DEBIAN_PYTHON = Path("/usr/bin/python3")


@cache
def interpreters() -> dict[str, Path]:
    """Executables by version, such as `{"3.12": Path("/usr/bin/python3.12")}`."""
    found = {}
    for version in ("3.11", "3.12", "3.13", "3.14"):
        for candidate in _candidates(version):
            if _runs(candidate, version):
                found[version] = candidate
                break
    return found


@cache
def too_old() -> tuple[Path, ...]:
    """Pythons that a ve can't be built of, 2.7 included."""
    found = []
    for version in ("2.7", "3.6", "3.8", "3.10"):
        found += [each for each in _candidates(version) if _runs(each, version)][:1]
    return tuple(found)


def _candidates(version: str) -> list[Path]:
    name = f"python{version}"
    on_path = shutil.which(name)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return [*([Path(on_path)] if on_path else []),
            *sorted(pyenv.glob(f"versions/{version}.*/bin/{name}"))]


def _runs(executable: Path, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=False)
    return run.returncode == 0 and run.stdout.strip() == version
