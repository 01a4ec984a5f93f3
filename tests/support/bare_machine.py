"""A PATH with the programs of this machine, but for those that a bare Debian lacks."""

import os
from pathlib import Path

LACKING = {"rsync", "ssh", "scp", "sftp", "ssh-keygen", "ssh-agent", "ssh-add", "sshd"}


def path_without(directory: Path, lacking: set[str] = LACKING) -> str:
    """Link all other programs into a directory, and return it as a PATH."""
    directory.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        if not os.path.isdir(place):
            continue
        for program in os.scandir(place):
            link = directory / program.name
            if program.name not in lacking and not os.path.lexists(link):
                link.symlink_to(program.path)
    return str(directory)
