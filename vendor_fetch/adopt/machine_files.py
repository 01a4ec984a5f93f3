"""Find the files of a project that belong to one machine, which git must ignore."""

from pathlib import Path

from vendor_fetch.adopt.shared_paths import ENV_FILE
from vendor_fetch.adopt.site import Answers
from vendor_fetch.git_command import run_git


def machine_paths(root: Path, answers: Answers) -> list[str]:
    """Return the paths that belong to one machine: git must ignore those that it does not track.

    They are `.env`, the collected static files, and what releases share, such as uploads.
    """
    shared = answers["shared_paths"].value.split()
    paths = dict.fromkeys(
        path.rstrip("/") for path in (ENV_FILE, answers["static_root"].value, *shared)
    )
    return [
        path
        for path in paths
        if path
        and not path.startswith("/")
        and not run_git("-C", str(root), "ls-files", "--", path).stdout
    ]
