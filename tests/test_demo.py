"""`make demo` ends as it should, and leaves no process behind."""

import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.bare_machine import path_without
from tests.support.processes import processes_of


@pytest.mark.system
def test_ctrl_c_ends_the_demo_and_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It shows all of it on a machine that has neither rsync nor ssh.
    monkeypatch.setenv("PATH", path_without(tmp_path / "programs"))
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "tools.demo", "--into", tmp_path / "demo"],
        cwd=REPOSITORY,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert demo.stdout
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "Ctrl-C ends it" in line:
            break
    addresses = re.findall(
        r"^  (http://127\.0\.0\.1:\d+/)(?: is .*)?$", "".join(lines), re.MULTILINE
    )
    assert len(addresses) == 3, "".join(lines)
    for address in addresses:
        with urllib.request.urlopen(address, timeout=10) as page:
            assert page.status == 200
    # The first push, the second, and the way back to the first; then those through Rolf.
    assert re.findall(r" says: (.*)", "".join(lines)) == [
        "What Demo Site is for, in one sentence.",
        "Pushed in one step.",
        "What Demo Site is for, in one sentence.",
        "Autumn is here.",
        "Prices from 2025.",
        "Autumn is here.",
    ]
    assert re.findall(r"^  push \d+ by (\w+), .*”, (\w+)", "".join(lines), re.MULTILINE) == [
        ("anna", "succeeded"),
        ("anna", "failed"),
        ("dora", "succeeded"),
        ("dora", "succeeded"),
    ]
    assert re.search(r" is Rolf; \w+ signs in with \S+$", "".join(lines), re.MULTILINE)
    people = dict(re.findall(r"^    (\w+) signs in with (\S+)$", "".join(lines), re.MULTILINE))
    assert people.keys() == {"anna", "dora", "paul"}
    for login, password in people.items():
        assert front_page_for(addresses[2], login, password) == 200
    staged = subprocess.run(
        ["ve/bin/python", "-m", "bootstrapper", "deploy", "staging"],
        cwd=tmp_path / "demo/demo_site",
        capture_output=True,
        text=True,
        check=False,
    )
    assert staged.returncode == 0, staged.stdout + staged.stderr
    [staging] = re.findall(r"^  (\S+) shows staging", "".join(lines), re.MULTILINE)
    with urllib.request.urlopen(staging, timeout=10) as page:
        assert page.status == 200
    server = subprocess.run(
        ["pgrep", "-P", str(demo.pid)], capture_output=True, text=True, check=True
    ).stdout.split()
    os.killpg(demo.pid, signal.SIGINT)
    os.killpg(demo.pid, signal.SIGTERM)  # a second one, from an impatient user or `timeout`
    rest, _ = demo.communicate(timeout=30)
    assert demo.returncode == 0, "".join(lines) + rest
    assert rest.endswith("\nended\n")
    assert "Traceback" not in rest
    assert processes_of(demo.pid) == []
    for pid in server:
        assert processes_of(int(pid)) == []


def front_page_for(rolf: str, login: str, password: str) -> int:
    """Sign in to Rolf, and return the status of the page that follows; 0 if it refuses."""
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with visitor.open(f"{rolf}sign-in/", timeout=10) as answer:
        [token] = set(
            re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())
        )
    form = urllib.parse.urlencode(
        {"username": login, "password": password, "csrfmiddlewaretoken": token}
    ).encode()
    with visitor.open(f"{rolf}sign-in/", form, timeout=10) as answer:
        return int(answer.status) if "sign-in" not in answer.url else 0
