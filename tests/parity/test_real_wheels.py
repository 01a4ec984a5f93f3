"""The rebuild installs real wheels as pip does: the same paths, bytes, modes and RECORD.

The wheels of wheels.txt have these oddities: data files (widgetsnbextension, tbb), headers
(greenlet), scripts with and without a shebang (boto, docutils, virtualenvwrapper), binaries as
scripts (ruff, shellcheck), GUI scripts (qtconsole, pyzo), entry points with extras (black) or with
version numbers (pip), namespaces (zope, backports, jaraco), .pth files (future_fstrings,
setuptools, coverage), names to normalize (ruamel_yaml, discord_py), non-ASCII file names (pelican),
executable and empty files, very long names (jupyterlab_widgets), py2.py3, abi3 (psutil, tornado)
and mypyc (charset_normalizer, tomli), bundled libraries (pillow, pyzmq).
"""

import shutil
from pathlib import Path

import pytest

from bootstrapper.ve.project import lockfile
from tests.conftest import TEMPLATE, bootstrap
from tests.support.real_wheels import fetch_into, real_wheels
from tests.support.tree import installed_by_pip, tree


@pytest.fixture
def project(tmp_path: Path, generated: Path) -> Path:
    """Return a project with all of the wheels."""
    files = real_wheels()
    assert len(files) >= 60
    project = tmp_path / "project"
    (project / lockfile.SOURCE).mkdir(parents=True)
    shutil.copy(TEMPLATE / "bootstrap.py", project)
    for path in (generated / lockfile.SOURCE).iterdir():
        if path.name.startswith("bootstrapper-") or any(
            path.name == file.path.name for file in lockfile.read(generated, lockfile.TOOLS)
        ):
            shutil.copy(path, project / lockfile.SOURCE)
    shutil.copy(generated / lockfile.TOOLS, project / lockfile.TOOLS)
    ours = [
        file
        for file in lockfile.read(generated, lockfile.APPS)
        if file.distribution.name == "bootstrapper"
    ]
    (project / lockfile.APPS).write_text(lockfile.render([*ours, *files]))
    fetch_into(project, files)
    return project


def test_real_wheels_install_as_with_pip(project: Path) -> None:
    run = bootstrap(project)
    assert run.returncode == 0, run.stderr
    ours, pips = tree(project / "ve"), tree(installed_by_pip(project))
    differing = {
        path: (ours.get(path), pips.get(path))
        for path in ours.keys() | pips.keys()
        if ours.get(path) != pips.get(path)
    }
    assert differing == {}
