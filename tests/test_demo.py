"""`make demo` ends as it should, and leaves no process behind."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.processes import processes_of


def test_ctrl_c_ends_the_demo_and_its_server(tmp_path: Path) -> None:
    demo = subprocess.Popen([sys.executable, "-u", "demo.py", "--into", tmp_path / "demo"],
                            cwd=REPOSITORY, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, start_new_session=True)
    assert demo.stdout
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "Ctrl-C ends it" in line:
            break
    addresses = re.findall(r"^  (http://127\.0\.0\.1:\d+/)(?: is .*)?$", "".join(lines),
                           re.MULTILINE)
    assert len(addresses) == 3, "".join(lines)
    for address in addresses:
        with urllib.request.urlopen(address, timeout=10) as page:
            assert page.status == 200
    # The first push, the second, and the way back to the first; then those through Rolf.
    assert re.findall(r" says: (.*)", "".join(lines)) == [
        "What Demo Site is for, in one sentence.", "Pushed in one step.",
        "What Demo Site is for, in one sentence.",
        "Autumn is here.", "Prices from 2025.", "Autumn is here."]
    assert re.findall(r"^  push \d+ by (\w+), .*”, (\w+)", "".join(lines), re.MULTILINE) == [
        ("anna", "succeeded"), ("anna", "failed"), ("dora", "succeeded"), ("dora", "succeeded")]
    assert re.search(r" is Rolf; \w+ signs in with \S+$", "".join(lines), re.MULTILINE)
    server = subprocess.run(["pgrep", "-P", str(demo.pid)], capture_output=True, text=True,
                            check=True).stdout.split()
    os.killpg(demo.pid, signal.SIGINT)
    rest, _ = demo.communicate(timeout=30)
    assert demo.returncode == 0, "".join(lines) + rest
    assert rest.endswith("\nended\n")
    assert "Traceback" not in rest
    assert processes_of(demo.pid) == []
    for pid in server:
        assert processes_of(int(pid)) == []
