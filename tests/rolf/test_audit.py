"""The audit log of a running Rolf gets to a file and to rsyslog, whatever is killed meanwhile."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.processes import ENDS_WITH_US
from tests.support.rolf_home import Home, Running, running, until
from tests.support.rolf_visitor import Visitor

RSYSLOGD = "/usr/sbin/rsyslogd"
CONFIGURATION = """
global(workDirectory="{directory}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="message" type="string" string="%msg%\\n")
action(type="omfile" file="{directory}/received" template="message")
"""
LATEST = 5.0  # seconds from an event to its row in each sink

pytestmark = pytest.mark.needs(RSYSLOGD)


@contextmanager
def rsyslog(directory: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """Run rsyslogd, which appends what it receives to the file `received`."""
    configuration = directory / "rsyslog.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port))
    process = subprocess.Popen(
        [*ENDS_WITH_US, RSYSLOGD, "-n", "-f", configuration, "-i", directory / "pid"],
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: _accepts(port))
        yield process
    finally:
        process.kill()
        process.wait()


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def rows(file: Path) -> "list[dict[str, object]]":
    """Return the rows that a sink has got, without its unfinished line."""
    text = file.read_text() if file.exists() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def sequences(file: Path) -> "list[object]":
    """Return the number of each row, once, in the order in which they came first."""
    return list(dict.fromkeys(row["sequence"] for row in rows(file)))


def forwarders(rolf: Running) -> "list[int]":
    """Return the children of the worker, which carries out no push."""
    task = Path(f"/proc/{rolf.worker}/task/{rolf.worker}/children")
    return [int(word) for word in task.read_text().split()]


@pytest.fixture
def sinks(home: Home, tmp_path: Path) -> "tuple[Path, Path, int]":
    """Name two sinks in .env: a file and an rsyslog. Return what each writes, and the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file = tmp_path / "audit.jsonl"
    text = f"AUDIT_SINKS=file://{file},syslog+tcp://127.0.0.1:{port}\n"
    (home.current / ".env").write_text(text)
    return file, tmp_path / "received", port


def test_events_reach_a_file_and_rsyslog_in_time(
    home: Home, sinks: "tuple[Path, Path, int]", tmp_path: Path
) -> None:
    file, received, port = sinks
    with rsyslog(tmp_path, port), running(home) as rolf:
        visitor = Visitor(rolf.address)
        assert until(lambda: sequences(file) and sequences(received))
        visitor.sign_in("admin", "wrong")
        failed = datetime.now(UTC)
        assert until(lambda: all("login.failure" in str(rows(sink)) for sink in (file, received)))
        assert (datetime.now(UTC) - failed).total_seconds() < LATEST
        assert "unchanged" in home.manage("audit", "verify")
        last = rows(file)[-1]
        home.manage("audit", "verify", "--head", f"{last['sequence']}:{last['hash']}")


def test_an_outage_of_a_sink_loses_no_row(
    home: Home, sinks: "tuple[Path, Path, int]", tmp_path: Path
) -> None:
    file, received, port = sinks
    with running(home) as rolf:
        with rsyslog(tmp_path, port) as process:
            assert until(lambda: sequences(received))
            process.send_signal(signal.SIGSTOP)  # the kernel accepts what rsyslog never reads
            home.shell("import audit\nfor n in range(50): audit.record('x.stopped', n=n)")
            time.sleep(1)
            process.kill()
        home.shell("import audit\nfor n in range(1200): audit.record('x.away', n=n)")
        [forwarder] = forwarders(rolf)
        os.kill(forwarder, signal.SIGKILL)
        head = int(home.manage("audit", "head").partition(":")[0])
        with rsyslog(tmp_path, port):
            everything = list(range(1, head + 1))
            assert until(lambda: sequences(received) == everything), len(sequences(received))
            assert until(lambda: sequences(file) == everything)
        assert len(rows(file)) <= head + 500, "more than a batch came twice"
