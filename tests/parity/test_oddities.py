"""The rebuild installs small wheels with one oddity each exactly as pip does."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import bootstrap
from tests.support.tree import installed_by_pip, tree
from tests.support.wheels import lock_line, make_wheel

ODDITIES: Mapping[str, Mapping[str, object]] = {
    "data files, headers and platlib": {
        "files": {
            "odd.py": "",
            "odd-1.0.data/data/etc/odd.conf": "x",
            "odd-1.0.data/headers/sub/odd.h": "h",
            "odd-1.0.data/platlib/odd_native.py": "",
            "odd-1.0.data/purelib/odd_pure.py": "",
        }
    },
    "not purelib": {"pure": False},
    "scripts": {
        "executable": ["odd-1.0.data/scripts/odd-x", "odd-1.0.data/scripts/odd.py"],
        "files": {
            "odd.py": "",
            "odd-1.0.data/scripts/odd-x": "#!python\nprint(1)\n",
            "odd-1.0.data/scripts/odd.py": "#!pythonw -u\nprint(1)\n",
            "odd-1.0.data/scripts/odd-sh": "#!/bin/sh\nexit\n",
            "odd-1.0.data/scripts/odd-none": "no shebang",
        },
    },
    "entry points, one wrapped by setuptools": {
        "entry_points": "[console_scripts]\nodd = odd:main\nOdd.2 = odd.sub:Class.method [x]\n"
        "[gui_scripts]\nodd-gui = odd:gui\n",
        "files": {
            "odd.py": "def main(): pass\n",
            "odd-1.0.data/scripts/odd": "#!python\nold\n",
            "odd-1.0.data/scripts/odd-gui-script.py": "#!python\nold\n",
        },
    },
    "versioned entry points": {
        "entry_points": "[console_scripts]\neasy_install = odd:main\neasy_install-2.7 = odd:main\n"
    },
    "executable, empty and non-ASCII files": {
        "executable": ["odd/tool", "odd/run.py"],
        "files": {
            "odd/__init__.py": "",
            "odd/tool": "x",
            "odd/run.py": "",
            "odd/naïve ü.txt": "",
            "odd/漢字.py": "",
            f"odd/{'long' * 40}.txt": "x",
        },
    },
    "modules that are none": {
        "files": {
            "odd.py": "",
            "odd_two.py": "print 'two'\n",
            "odd_nul.py": "\0",
            "odd_latin.py": b"# \xe9\n",
        }
    },
    "bytecode that it brings": {
        "files": {
            "odd.py": "A = 1\n",
            f"__pycache__/odd.{sys.implementation.cache_tag}.pyc": b"old",
            "__pycache__/odd.cpython-27.pyc": b"older",
        }
    },
    "RECORD without hashes": {
        "record": "odd.py,,\nodd-1.0.dist-info/METADATA,,\n"
        "odd-1.0.dist-info/WHEEL,,\nodd-1.0.dist-info/RECORD,,\n"
    },
    "RECORD that misses files": {"record": "odd.py,,\n"},
    "a .pth and a namespace": {"files": {"odd.pth": "", "space/odd/__init__.py": ""}},
    "an INSTALLER of its own": {
        "files": {"odd.py": "", "odd-1.0.dist-info/licenses/LICENSE": "free"}
    },
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_odd_wheel_installs_as_with_pip(tiny_project: Path, oddity: str) -> None:
    # Without a space in its path, which pip's `#!python` scripts don't survive (ours do).
    project = tiny_project.rename(tiny_project.with_name("project"))
    wheel = make_wheel(project / lockfile.SOURCE, "odd", **ODDITIES[oddity])  # type: ignore[arg-type]
    with (project / lockfile.APPS).open("a") as lock:
        lock.write(lock_line(wheel))
    assert bootstrap(project).returncode == 0
    assert tree(project / "ve") == tree(installed_by_pip(project))
