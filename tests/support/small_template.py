"""A template that renders in a moment, with the hook of the real one."""

import json
import shutil
from pathlib import Path

from tests.support.index import Index, make_tarball
from tests.support.wheels import lock_line, make_wheel
from tests.vendor.conftest import COMPILED, PYTHON

REPOSITORY = Path(__file__).resolve().parents[2]
ROOT = "<<cookiecutter.project_slug>>"


def small_template(top: Path, index: Index) -> Path:
    """Make a small template with the real hook, and locks of the tests' own index."""
    for name in ("bootstrapper", "vendor_fetch", "setup.cfg", "LICENSE"):
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).symlink_to(REPOSITORY / name)
    (top / "hooks").mkdir()
    shutil.copy(REPOSITORY / "hooks/post_gen_project.py", top / "hooks")
    shutil.copy(REPOSITORY / "template_extensions.py", top)
    settings = json.loads((REPOSITORY / "cookiecutter.json").read_text())
    (top / "cookiecutter.json").write_text(
        json.dumps(
            {
                "project_slug": "site",
                "description": "A site",
                "domain": "site.example.org",
                "email": "webmaster@site.example.org",
                "database": "sqlite",
                "vendor_format": "wheel",
                "python_version": [PYTHON],
                **{
                    name: settings[name]
                    for name in ("_extensions", "__load_extension", "_jinja2_env_vars")
                },
            }
        )
    )
    project = top / ROOT
    (project / "requirements").mkdir(parents=True)
    (project / "requirements/apps.in").write_text("tiny\n")
    (project / "pyproject.toml").write_text(
        f'[project]\nrequires-python = "=={PYTHON}.*"\n'
        '[tool.vendor_fetch]\nformat = "<< cookiecutter.vendor_format >>"\n'
    )
    (project / ".env.example").write_text("# The key.\nSECRET_KEY=\nDEBUG=1\n")
    for name in ("manage.py", "bootstrap.py"):
        (project / name).write_text("#!/usr/bin/env python3\n")
    (top / "locks").mkdir()
    (top / "locks/modules.txt").write_text("tiny\n")
    tiny = make_wheel(index.directory, "tiny", tag=COMPILED)
    tools = "".join(
        lock_line(index.directory / f"{name}-80.0-py3-none-any.whl")
        for name in ("pip", "virtualenv")
    )
    other = lock_line(tiny, 'python_version == "2.7"').replace("tiny", "ancient")
    (top / "locks/apps-sqlite-wheel.txt").write_text(
        other + lock_line(tiny, 'sys_platform == "linux"')
    )
    (top / "locks/tools-sqlite-wheel.txt").write_text(tools)
    tarball = make_tarball(index.directory, "tiny", build=["flit_core"])
    (top / "locks/apps-sqlite-tarball.txt").write_text(
        lock_line(tarball) + f"# {tarball.name} builds with: flit_core\n"
    )
    (top / "locks/tools-sqlite-tarball.txt").write_text(
        tools + lock_line(index.directory / "flit_core-80.0-py3-none-any.whl")
    )
    return top
