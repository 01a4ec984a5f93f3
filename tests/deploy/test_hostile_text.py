"""Comments and commit subjects of any kind: no command passes on what steers a terminal."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.deploy.test_controls import EVIL
from tests.support.shop import HERE, STAGES, Shop, open_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


def on_a_terminal(shop: Shop, *words: str) -> bytes:
    """What a command writes on a terminal, both streams."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(shop.project)
        os.execvpe(words[0], words, {**os.environ, "TERM": "xterm", "COLUMNS": "200"})
    printed = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        printed += data
    os.waitpid(pid, 0)
    os.close(terminal)
    return printed


HOSTILE = (
    b"\x1b]0;",
    b"\x1b[2J",
    "\u202e".encode(),
    "\u2066".encode(),
    "\u200f".encode(),
    "\x9b".encode(),
)


def test_no_command_passes_on_what_steers(shop: Shop) -> None:
    shop.define(stages=["say", *STAGES], settings=HERE)
    shop.recipe("say.sh", "# Says it\nprintf '%s\\n' \"$PUSH_COMMENT\"; git --version\n")
    shop.commit("one")
    comment = f"{EVIL}\r\nsecond"
    first = on_a_terminal(shop, *shop.command("deploy", "--yes", "-v", "-m", comment))
    subprocess.run(
        ["git", "commit", "-q", "--allow-empty", "-m", f"subject {EVIL}"],
        cwd=shop.project,
        check=True,
    )
    subprocess.run(["git", "push", "-q", "origin", "main"], cwd=shop.project, check=True)
    printed = [
        first,
        *(
            on_a_terminal(shop, *shop.command(*words))
            for words in (
                ("deploy", "--yes", "-m", comment),
                ("rollback", "--yes"),
                ("pushes",),
                ("status",),
                ("log", "1"),
                ("log", "1", "--timestamps"),
                ("deploy", "--dry-run", "-m", comment),
                ("lock", "-m", comment),
                ("deploy", "--yes"),
                ("status",),
                ("unlock",),
            )
        ),
    ]
    for each in printed:
        assert not [evil for evil in HOSTILE if evil in each], each
        assert b"Traceback" not in each
    assert b"subject abcdefg" in printed[1]
    assert b"has been locked by" in printed[9]


def test_a_comment_of_lines_breaks_no_list(shop: Shop) -> None:
    shop.define(settings=HERE)
    shop.commit("one")
    assert shop.run("deploy", "-m", "first\r\nsecond\n\nthird\r").returncode == 0
    pushes = shop.run("pushes").stdout.splitlines()
    assert len(pushes) == 2
    assert pushes[1].endswith("first second third")
    status = shop.run("status").stdout
    assert '"first second third", since' in status
    (record,) = (
        json.loads(line)
        for line in (shop.live / "pushes.log").read_text().splitlines()
        if '"succeeded"' in line
    )
    assert record["comment"] == "first\r\nsecond\n\nthird\r"
    assert json.loads(shop.run("pushes", "--json").stdout)[0]["id"] == 1


def test_json_is_utf_8_though_a_comment_is_not(shop: Shop) -> None:
    shop.define(settings=HERE)
    shop.run("deploy", "--yes", "-m", "caf\udce9 \U0001f600")
    for command in ("pushes", "status"):
        printed = shop.run(command, "--json").stdout
        assert "\\udce9" not in printed
        assert "caf\\ufffd \\ud83d\\ude00" in printed
