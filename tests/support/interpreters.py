"""The Pythons that tests can build a ve of, and ones that are too old for it."""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

# Where no old Python is to be had, this one says that it is old; it is all that is asked of it.
_STAND_IN = """#!{python}
import collections, platform, runpy, sys
sys.version_info = collections.namedtuple(
    "version_info", "major minor micro releaselevel serial")(3, 8, 18, "final", 0)
platform.python_version = lambda: "3.8.18"
sys.argv = sys.argv[1:]
while sys.argv[0] in ("-E", "-s", "-S"):
    del sys.argv[0]
if sys.argv[0] == "-c":
    exec(sys.argv.pop(1))
else:
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


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
    """Pythons that a ve can't be built of, 2.7 included; at least one."""
    found = []
    for version in ("2.7", "3.6", "3.8", "3.10"):
        found += [each for each in _candidates(version) if _runs(each, version)][:1]
    if not found:
        found = [Path(tempfile.mkdtemp(prefix="old-python-")) / "python3.8"]
        found[0].write_text(_STAND_IN.format(python=sys.executable))
        found[0].chmod(0o755)
    return tuple(found)


def _candidates(version: str) -> list[Path]:
    """Those on PATH, those of a pyenv, and the one that runs the tests."""
    name = f"python{version}"
    on_path = shutil.which(name)
    pyenv = shutil.which("pyenv")
    roots = [os.environ.get("PYENV_ROOT"), pyenv and Path(pyenv).parents[1], Path.home() / ".pyenv"]
    return [
        *([Path(on_path)] if on_path else []),
        *(
            path
            for root in roots
            if root
            for path in sorted(Path(root).glob(f"versions/{version}.*/bin/{name}"))
        ),
        Path(sys.executable),
    ]


def _runs(executable: Path, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=False)
    return run.returncode == 0 and run.stdout.strip() == version
