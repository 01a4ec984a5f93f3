"""The tutorial, typed line by line: each command works, and prints what the page shows."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

from tests.conftest import REPOSITORY, Generate
from tests.deploy.test_terminal import drawn

PAGE = (REPOSITORY / "docs/tutorial.md").read_text(encoding="utf-8")
# Steps 1 and 8 need a package index and a server; tests of the template and of ssh cover them.
STEPS = PAGE.partition("## 2. ")[2].partition("## 8. ")[0]
NEVER_ENDING = "./manage.py runserver"


def test_the_tutorial_works_as_it_is_written(generate: Generate, tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    project = generate(into=tmp_path / "projects")
    environment = {
        "HOME": str(tmp_path),
        "USER": "anna",
        "LOGNAME": "anna",
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "NO_COLOR": "1",
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    (tmp_path / "gitconfig").write_text("[user]\nname = Anna\nemail = anna@example.org\n")
    directory = project
    for command, expected in commands(STEPS, project, home=tmp_path):
        if command.startswith("cd "):
            directory = Path(command[3:].replace("~", str(tmp_path)))
            assert directory.is_dir(), command
            continue
        status, printed = typed(command, directory, environment)
        assert status == 0, f"{command}\n{printed}"
        if expected:
            assert comparable(printed, tmp_path) == comparable(expected, tmp_path), command


def commands(steps: str, project: Path, *, home: Path) -> Iterator[tuple[str, str]]:
    """Yield each command and the output below it; edit the files as the steps say, in between."""
    for block in re.findall(
        r"```toml\n[^`]*```|(?:^    .*\n|^\n(?=    ))+|^In `main/.*\n", steps, re.MULTILINE
    ):
        if block.startswith("```"):
            with (project / "deploy/deployments.toml").open("a") as file:
                file.write("\n" + block[8:-3].replace("/home/anna", str(home)))
        elif block.startswith("In "):
            path, old, new = re.findall(r"`(.*?)`", block)
            page = (project / path).read_text()
            assert old in page
            (project / path).write_text(page.replace(old, new))
        else:
            yield from _typed_lines(re.sub("^    ", "", block, flags=re.MULTILINE).strip("\n"))


def _typed_lines(block: str) -> Iterator[tuple[str, str]]:
    if "$ " not in block:
        yield from ((line, "") for line in block.splitlines() if NEVER_ENDING not in line)
        return
    for line in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = line.partition("\n")
        yield command, output


def typed(command: str, directory: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command on a terminal as wide as the page; return its status and what it shows."""
    master, slave = pty.openpty()
    ioctl(slave, TIOCSWINSZ, pack("HHHH", 40, 90, 0, 0))
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=directory,
        env=environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        os.close(slave)
        output = b""
        with suppress(OSError):  # EIO once the last writer has gone
            while select.select([master], [], [], 120)[0] and (data := os.read(master, 65536)):
                output += data
        os.close(master)
        status = process.wait(20)
    return status, "\n".join(drawn(output, 90))


def comparable(output: str, home: Path) -> list[str]:
    """The lines without what differs from run to run: seconds, times, commits, places."""
    text = output.replace(str(home), "/home/anna")
    for pattern, stands_for in (
        (r"\d+\.\d+ s", "SECONDS"),
        (r"\b\d\d:\d\d\b", "TIME"),
        (r"\b[0-9a-f]{7}\b", "COMMIT"),
        (r"\S+@\S+", "anna@laptop"),
        (r"  back to .*", ""),
        (r"CPython \S+ on \S+?,", "PYTHON,"),
        (r"\d+/\d+", "COUNT"),
        (r"\d+ distributions", "COUNT"),
        (r" +", " "),
    ):
        text = re.sub(pattern, stands_for, text)
    return [line.strip() for line in text.splitlines() if line.strip()]
