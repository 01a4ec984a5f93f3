"""The cookiecutter command that runs a hook."""

import os
import shutil
from pathlib import Path

from bootstrapper.quoting import joined


def typed_command(template: Path, **answers: str) -> str:
    """Return the command that runs this hook, with other `answers`, for a `next:` line.

    Linux tells how the parent process was started. Elsewhere, and in programs that use cookiecutter
    as a library, the command has no options.
    """
    try:
        words = Path(f"/proc/{os.getppid()}/cmdline").read_text(encoding="utf-8").split("\0")[:-1]
    except (OSError, UnicodeDecodeError):
        words = []
    names = [Path(word).name for word in words]
    if names[1:3] == ["-m", "cookiecutter"]:
        command = words
    elif names[1:2] == ["cookiecutter"]:  # the script of an installed cookiecutter
        on_path = shutil.which("cookiecutter") == words[1]
        command = ["cookiecutter" if on_path else words[1], *words[2:]]
    else:
        command = ["cookiecutter", str(template)]
    # cookiecutter takes no answers with --replay.
    replaced = {*answers, *(["--replay"] if answers else [])}
    kept = [word for word in command if word.partition("=")[0] not in replaced]
    return joined([*kept, *(f"{name}={answer}" for name, answer in answers.items())])
