"""What uv and pip choose from the vendored files of a project, without a network."""

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from uv import find_uv_bin

from reliability.vendoring.project import Project, run
from vendor_fetch.project.project import open_project
from vendor_fetch.project.target import Target
from vendor_fetch.resolve.resolver import uv_platform

# Settings of the user would change what pip chooses.
ALONE = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_FIND_LINKS": "",
    "UV_NO_CONFIG": "1",
    # pip asks for the metadata of a tarball; mysqlclient's needs MySQL's library, or these.
    "MYSQLCLIENT_CFLAGS": "-I.",
    "MYSQLCLIENT_LDFLAGS": "-L.",
}


class OracleFailed(Exception):
    """uv or pip has not chosen; the text is what it has printed."""


def targets(project: Project) -> dict[tuple[str, str], Target]:
    """Return the targets of a project by Python and platform."""
    return {(each.python, each.platform): each for each in open_project(project.directory).targets}


def chosen_by_uv(project: Project, target: Target) -> set[str]:
    """Return the names of the files of apps.txt that uv installs for the target."""
    done = run(
        [
            *(find_uv_bin(), "pip", "install", "--dry-run", "--no-deps", "--require-hashes"),
            *("--no-index", "--offline", "--find-links", project.source),
            *("--target", project.directory / "nowhere", "--python", sys.executable),
            *("--python-version", target.oldest_python, "--python-platform", uv_platform(target)),
            *("-r", "requirements/apps.txt"),
        ],
        project.directory,
        {
            **ALONE,
            "MACOSX_DEPLOYMENT_TARGET": ".".join(map(str, target.oldest_system)),
        },
    )
    if done.returncode:
        raise OracleFailed(done.stderr)
    return {
        Path(unquote(address)).name
        for address in re.findall(r"^ \+ \S+ @ (\S+)$", done.stderr, re.MULTILINE)
    }


def python_here(version: str) -> str | None:
    """Return the interpreter of a version that is on this machine."""
    done = run([find_uv_bin(), "python", "find", "--no-python-downloads", version], Path("/"))
    return done.stdout.strip() if done.returncode == 0 else None


def chosen_by_pip(project: Project, python: str) -> set[str]:
    """Return the names of the files of apps.txt that pip installs with a Python that is here."""
    [pip] = project.source.glob("pip-*.whl")
    done = run(
        [
            *(python, f"{pip}/pip", "install", "--dry-run", "--quiet", "--ignore-installed"),
            *("--no-index", "--no-deps", "--require-hashes", "--find-links", project.source),
            *("--report", "-", "--target", project.directory / "nowhere"),
            *("-r", "requirements/apps.txt"),
        ],
        project.directory,
        ALONE,
    )
    if done.returncode:
        raise OracleFailed(done.stderr)
    report = json.loads(done.stdout)
    addresses = [each["download_info"]["url"] for each in report["install"]]
    return {Path(unquote(urlsplit(address).path)).name for address in addresses}
