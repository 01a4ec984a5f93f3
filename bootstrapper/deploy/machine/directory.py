"""The `.deploy/` directory of a project, the name of this machine, the user's name."""

import getpass
import os
from pathlib import Path


def deploy_directory(project: Path, name: str) -> Path:
    """Return the directory `.deploy/NAME`, made if it is missing."""
    top = project / ".deploy"
    if not top.is_dir():
        top.mkdir(mode=0o700, exist_ok=True)
        # Whatever the project's own .gitignore says, this is nothing to commit.
        (top / ".gitignore").write_text("*\n")
    directory = top / name
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def user_name() -> str:
    """Return the login of the person who pushes."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())


def machine_name() -> str:
    """This machine's name, without its domain."""
    return os.uname().nodename.partition(".")[0]
