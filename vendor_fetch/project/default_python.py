"""Choose the Python to vendor for if the project names no targets."""

import os
import re
import subprocess
import sys

from bootstrapper.errors import BootstrapperError, InputError
from bootstrapper.ve.python.interpreter import OLDEST
from bootstrapper.ve.python.required_python import allowed_pythons
from bootstrapper.ve.standards.version import Version, matches
from vendor_fetch.index.uv import find_uv, permitted_environment


def choose_python(required: str) -> tuple[str, int]:
    """Return the Python to vendor for and its oldest allowed micro version: `("3.12", 4)`.

    `required` is `requires-python`. If it allows one Python, that is the result. Otherwise the
    running Python comes first, then one that is installed here, then the oldest: files can be
    fetched for a Python that is not installed. Raise InputError if `./bootstrap.py` supports no
    allowed Python.
    """
    pythons = allowed_pythons(required)
    running = _running_python()
    if not pythons:
        raise InputError(
            "pyproject.toml",
            f"requires-python = {required!r} allows no Python that "
            f"./bootstrap.py supports: CPython {OLDEST[0]}.{OLDEST[1]} or later",
            f"sed -i 's/^requires-python = .*/requires-python = \">={running}\"/' pyproject.toml",
        )
    if len(pythons) > 1:
        full_version = f"{running}.{sys.version_info.micro}"
        if running in pythons and matches(Version(full_version), required):
            return running, pythons[running]
        installed = _installed_python(required)
        if installed in pythons:
            return installed, pythons[installed]
    return next(iter(pythons.items()))


def _running_python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _installed_python(required: str) -> str:
    """Return the version, "3.12", of an installed Python that is allowed, or an empty string."""
    try:
        executable = _output(
            find_uv(),
            "python",
            "find",
            "--no-config",
            "--no-python-downloads",
            "--system",
            required,
        )
        version = _output(
            executable, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"
        )
    except (BootstrapperError, OSError):
        return ""
    return version if re.fullmatch(r"\d+\.\d+", version) else ""


def _output(*command: str) -> str:
    return subprocess.run(
        command,
        env=permitted_environment(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
