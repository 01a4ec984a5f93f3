"""Run git on the repository that a command names, whatever the user's environment names."""

import os
import re
import subprocess
from pathlib import Path

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.quoting import quoted
from vendor_fetch.program import retry_command

# Of `git rev-parse --local-env-vars`, those that a hook of git sets: they name another repository.
# The user's configuration holds, with insteadOf and credential helpers.
_OF_REPOSITORY = re.compile(
    r"GIT_(DIR|COMMON_DIR|WORK_TREE|IMPLICIT_WORK_TREE|INDEX_FILE|PREFIX|NAMESPACE|QUARANTINE_PATH"
    r"|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|GRAFT_FILE|SHALLOW_FILE"
    r"|NO_REPLACE_OBJECTS|REPLACE_REF_BASE"
    # They give paths another meaning.
    r"|LITERAL_PATHSPECS|GLOB_PATHSPECS|NOGLOB_PATHSPECS|ICASE_PATHSPECS"
    # It would let a submodule name a repository of this machine, which git itself refuses.
    r"|ALLOW_PROTOCOL)"
)
# Options of `git clone`: files have the line ends of their commits, whatever the user prefers.
AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", "core.eol=lf")
# fsmonitor may be a program, too, which the configuration of a directory that is named can set.
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
)


def run_git(
    *words: str, text: str = "", index: str = "", detached: bool = False
) -> "subprocess.CompletedProcess[str]":
    """Return a run of git without hooks and without questions. Raise WorkFailed if git is missing.

    git reads `text` from standard input, and uses another file for its `index` if there is one. A
    signal to the terminal's processes does not reach it if it is `detached`.
    """
    environment = {
        name: value for name, value in os.environ.items() if not _OF_REPOSITORY.fullmatch(name)
    }
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    try:
        return subprocess.run(
            ("git", *settings, *words),
            env={
                **environment,
                "GIT_TERMINAL_PROMPT": "0",
                **({"GIT_INDEX_FILE": index} if index else {}),
            },
            input=text,
            capture_output=True,
            text=True,
            errors="surrogateescape" if text else "replace",
            start_new_session=detached,
            check=False,
        )
    except FileNotFoundError:
        raise WorkFailed(
            "git", "is not installed", f"apt-get install git  # then: {retry_command()}"
        ) from None


def refuse_foreign_owner(directory: Path) -> None:
    """Raise InputError if git does not read a repository because another user owns it."""
    run = run_git("-C", str(directory), "rev-parse", "--git-dir")
    # git's messages are in the user's language; the name of the setting is not.
    if run.returncode and "safe.directory" in run.stderr:
        raise InputError(
            str(directory),
            "belongs to another user, so git does not read it",
            f"git config --global --add safe.directory {quoted(str(directory.absolute()))}  "
            f"# if you trust that user; then: {retry_command()}",
        )
