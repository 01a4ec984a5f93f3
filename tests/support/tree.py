"""The files of a ve as an installer has left them, and pip to install the same."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

from bootstrapper.ve.project import lockfile

# What virtualenv and venv make; what tells where a wheel came from, or that a ve is ours.
_VIRTUALENVS = re.compile(
    r"bin|lib(/[^/]+){0,2}|lib64.*|include(/python[\d.]+)?|share|pyvenv\.cfg|\.gitignore"
    r"|bootstrapper\.json|CACHEDIR\.TAG|bin/([Aa]ctivate(_this\.py|\.\w+)?|deactivate\.\w+"
    r"|python[\d.]*|pydoc\.bat|𝜋thon)|.*/_virtualenv\.(py|pth)"
    r"|.*/__pycache__/_virtualenv\..*|.*\.dist-info/direct_url\.json"
)


def installed_by_pip(project: Path) -> Path:
    """A ve into which the vendored pip has installed what the project's lock says."""
    ve = project / "pip-ve"
    pip = next((project / lockfile.SOURCE).glob("pip-*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ve], check=True)
    subprocess.run(
        [
            ve / "bin/python",
            pip / "pip",
            "--isolated",
            "install",
            "-q",
            "--no-index",
            "--no-deps",
            "--no-warn-script-location",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            lockfile.APPS,
        ],
        cwd=project,
        check=True,
    )
    return ve


def tree(ve: Path) -> dict[str, tuple[object, int]]:
    """Content and mode of every file that an installer wrote, by its path in the ve.

    Ours may not be written, because ves share them; so the modes' write bits don't count.

    Left out: what virtualenv makes (activate, python, pyvenv.cfg), the content of bytecode, and
    what names the installer and the place where the wheel came from.
    """
    found: dict[str, tuple[object, int]] = {}
    for path in sorted(ve.rglob("*")):
        name = path.relative_to(ve).as_posix()
        if _VIRTUALENVS.fullmatch(name):
            continue
        mode = path.stat().st_mode & ~0o222
        if path.is_dir():
            found[f"{name}/"] = ("directory", mode)
            continue
        content: object = path.read_bytes().replace(os.fsencode(ve), b"VE")
        if name.endswith(".dist-info/RECORD"):
            content = _record(path)
        elif name.endswith((".pyc", ".dist-info/INSTALLER")):
            content = "differs"
        found[name] = (content, mode)
    return found


def _record(path: Path) -> list[tuple[str, ...]]:
    """The rows of a RECORD, in order of their paths.

    Only the paths of what differs from ve to ve: bytecode, and the scripts, which name it. pip
    leaves a wheel's rows of files that it has not installed, or has replaced; we don't.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [tuple(row) for row in csv.reader(stream)]
    return sorted(
        {
            row[:1]
            if row[0].startswith("../../../bin/") or row[0].endswith((".pyc", "/INSTALLER"))
            else row
            for row in rows
            if (path.parents[1] / row[0]).exists() and not row[0].endswith("/direct_url.json")
        }
    )
