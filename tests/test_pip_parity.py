"""What we install is what pip installs: the same paths, bytes, modes and RECORD."""

import csv
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bootstrapper.ve import lockfile
from tests.conftest import bootstrap
from tests.wheels import lock_line, make_wheel

ODDITIES: Mapping[str, Mapping[str, object]] = {
    "data files, headers and platlib": {"files": {
        "odd.py": "", "odd-1.0.data/data/etc/odd.conf": "x", "odd-1.0.data/headers/sub/odd.h": "h",
        "odd-1.0.data/platlib/odd_native.py": "", "odd-1.0.data/purelib/odd_pure.py": ""}},
    "not purelib": {"pure": False},
    "scripts": {"executable": ["odd-1.0.data/scripts/odd-x", "odd-1.0.data/scripts/odd.py"],
                "files": {"odd.py": "", "odd-1.0.data/scripts/odd-x": "#!python\nprint(1)\n",
                          "odd-1.0.data/scripts/odd.py": "#!pythonw -u\nprint(1)\n",
                          "odd-1.0.data/scripts/odd-sh": "#!/bin/sh\nexit\n",
                          "odd-1.0.data/scripts/odd-none": "no shebang"}},
    "entry points, one wrapped by setuptools": {
        "entry_points": "[console_scripts]\nodd = odd:main\nOdd.2 = odd.sub:Class.method [x]\n"
                        "[gui_scripts]\nodd-gui = odd:gui\n",
        "files": {"odd.py": "def main(): pass\n", "odd-1.0.data/scripts/odd": "#!python\nold\n",
                  "odd-1.0.data/scripts/odd-gui-script.py": "#!python\nold\n"}},
    "versioned entry points": {"entry_points": "[console_scripts]\neasy_install = odd:main\n"
                                               "easy_install-2.7 = odd:main\n"},
    "executable, empty and non-ASCII files": {
        "executable": ["odd/tool", "odd/run.py"],
        "files": {"odd/__init__.py": "", "odd/tool": "x", "odd/run.py": "", "odd/naïve ü.txt": "",
                  "odd/漢字.py": "", f"odd/{'long' * 40}.txt": "x"}},
    "modules that are none": {"files": {"odd.py": "", "odd_two.py": "print 'two'\n",
                                        "odd_nul.py": "\0", "odd_latin.py": b"# \xe9\n"}},
    "bytecode that it brings": {"files": {
        "odd.py": "A = 1\n", f"__pycache__/odd.{sys.implementation.cache_tag}.pyc": b"old",
        "__pycache__/odd.cpython-27.pyc": b"older"}},
    "RECORD without hashes": {"record": "odd.py,,\nodd-1.0.dist-info/METADATA,,\n"
                                        "odd-1.0.dist-info/WHEEL,,\nodd-1.0.dist-info/RECORD,,\n"},
    "RECORD that misses files": {"record": "odd.py,,\n"},
    "a .pth and a namespace": {"files": {"odd.pth": "", "space/odd/__init__.py": ""}},
    "an INSTALLER of its own": {"files": {"odd.py": "",
                                          "odd-1.0.dist-info/licenses/LICENSE": "free"}},
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_the_tree_is_the_one_that_pip_installs(tiny_project: Path, oddity: str) -> None:
    # Without a space in its path, which pip's `#!python` scripts don't survive (ours do).
    project = tiny_project.rename(tiny_project.with_name("project"))
    wheel = make_wheel(project / lockfile.SOURCE, "odd", **ODDITIES[oddity])  # type: ignore[arg-type]
    with (project / lockfile.APPS).open("a") as lock:
        lock.write(lock_line(wheel))
    assert bootstrap(project).returncode == 0
    pips = project / "pip-ve"
    pip = next((project / lockfile.SOURCE).glob("pip-*.whl"))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", pips], check=True)
    subprocess.run([pips / "bin/python", pip / "pip", "--isolated", "install", "-q", "--no-index",
                    "--no-deps", "--no-warn-script-location", "--disable-pip-version-check",
                    "--require-hashes", "-r", "requirements/apps.txt"],
                   cwd=project, check=True)
    assert tree(project / "ve") == tree(pips)


def tree(ve: Path) -> dict[str, tuple[object, int]]:
    """Content and mode of every file that an installer wrote, by its path in the ve.

    Ours may not be written, because ves share them; so the modes' write bits don't count.

    Left out: what virtualenv makes (activate, python, pyvenv.cfg), the content of bytecode, and
    what names the installer and the place where the wheel came from.
    """
    found: dict[str, tuple[object, int]] = {}
    for path in sorted(ve.rglob("*")):
        name = path.relative_to(ve).as_posix()
        if path.is_dir() or name.startswith("lib64") or re.match(
                r"(bin/(activate|Activate|deactivate|python|𝜋)|pyvenv|bootstrapper\.json|CACHEDIR\.TAG"
                r"|.*/_virtualenv|.*/direct_url\.json$)", name):
            continue
        content: object = path.read_bytes().replace(os.fsencode(ve), b"VE")
        if name.endswith("/RECORD"):
            with path.open(encoding="utf-8", newline="") as stream:
                # pip leaves a wheel's old rows of bytecode that it has replaced, and of scripts
                # that it has left out; we don't.
                content = sorted({row if not row[0].endswith(".pyc") else row[:1]
                                  for row in map(tuple, csv.reader(stream))
                                 if "direct_url.json" not in row[0] and "INSTALLER" not in row[0]
                                 and not row[0].startswith(("../../../bin/", "odd-1.0.data/"))})
        elif name.endswith((".pyc", "/INSTALLER")):
            content = "differs"
        found[name] = (content, path.stat().st_mode & ~0o222)
    return found
