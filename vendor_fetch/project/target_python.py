"""Which Python a project is vendored for, of those that its `requires-python` allows."""

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
    """The Python to vendor for, `("3.12", 4)`: a version and the oldest micro version allowed.

    It is the only one that is allowed, else the running one, else one that is installed here,
    else the oldest: files can be fetched for a Python that is not here. Raises InputError if no
    Python that a ve can be made of is allowed.
    """
    pythons = allowed_pythons(required)
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not pythons:
        raise InputError(
            "pyproject.toml",
            f"requires-python = {required!r} allows no Python that "
            f"./bootstrap.py can make a ve of: CPython {OLDEST[0]}.{OLDEST[1]} or later",
            f"sed -i 's/^requires-python = .*/requires-python = \">={here}\"/' pyproject.toml",
        )
    if len(pythons) > 1:
        running = f"{here}.{sys.version_info.micro}"
        if here in pythons and matches(Version(running), required):
            return here, pythons[here]
        installed = _installed_python(required)
        if installed in pythons:
            return installed, pythons[installed]
    return next(iter(pythons.items()))


def _installed_python(required: str) -> str:
    """The version of a Python on this machine that is allowed, "3.12"; empty if there is none."""
    try:
        found = subprocess.run(
            [
                find_uv(),
                "python",
                "find",
                "--no-config",
                "--no-python-downloads",
                "--system",
                required,
            ],
            env=permitted_environment(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        said = subprocess.run(
            [found, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
    except (BootstrapperError, OSError):
        return ""
    match = re.fullmatch(r"\d+\.\d+", said.strip())
    return match[0] if match else ""
