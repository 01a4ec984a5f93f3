"""Propose the paths that the releases of a project share."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bootstrapper.deploy.stacks.origin import ignored, tracked
from bootstrapper.deploy.stacks.stack import Question
from bootstrapper.quoting import joined, quoted

# What applications commonly keep beside their code: a project shares those that git ignores.
_USUAL = (
    ".env",
    ".env.local",
    "config/local.php",
    "wp-config.php",
    "storage/",
    "uploads/",
    "public/uploads/",
    "web/uploads/",
    "files/",
    "data/",
    "media/",
    "private/",
    "var/",
    "log/",
    "logs/",
)
_BY_DEFAULT = ("data/", "media/")  # rsync-release shares these if SHARED_PATHS is empty


def propose_shared_paths(project: Path, known: Sequence[str] = ()) -> list[str]:
    """Return the paths that a framework is `known` to share, and the usual ones that git ignores.

    A file in git is left out: the first release would move it to shared/, and no push would change
    it again.
    """
    files = [path for path in known if not path.endswith("/")]
    frozen = set(tracked(project, files))
    proposed = [path for path in known if path not in frozen]
    for path in ignored(project, _USUAL):
        if not any(_overlap(path, other) for other in proposed):
            proposed.append(path)
    return proposed


def shared_paths_question(project: Path, known: Sequence[str] = ()) -> Question:
    """Return the question for SHARED_PATHS, with what is proposed as the default."""
    return Question(
        name="SHARED_PATHS",
        text="Files and directories that all releases share, such as uploads and the settings of the "
        "server. They are in shared/ on the server, and no push deletes them.",
        default=" ".join(propose_shared_paths(project, known)),
        example="uploads/ .env",
        optional=True,
    )


def frozen_directories(project: Path) -> list[str]:
    """Return the directories in git that the first push would move to shared/ without SHARED_PATHS."""
    return tracked(project, _BY_DEFAULT)


def shared_files(value: str) -> list[str]:
    """Return the files that SHARED_PATHS names, as paths below REMOTE_DIRECTORY.

    rsync-release takes a name with a dot for a file, unless a slash is at its end. It creates
    directories, but no files.
    """
    return [f"shared/{word}" for word in value.split() if "." in word.rpartition("/")[2]]


def create_command(host: str, directory: str, files: Sequence[str]) -> str:
    """Return the command that opens an editor on the server for the files below a directory there."""
    paths = [PurePosixPath(directory, each) for each in files]
    directories = dict.fromkeys(str(path.parent) for path in paths)
    command = f"mkdir -p {joined(directories)} && vi {joined(map(str, paths))}"
    return command if host == "." else f"ssh -t {quoted(host)} {quoted(command)}"


def _overlap(path: str, other: str) -> bool:
    one, two = (f"{each.rstrip('/')}/" for each in (path, other))
    return one.startswith(two) or two.startswith(one)
