"""A program of a stage that makes its streams non-blocking doesn't break the others' output."""

from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import Output, State, Stream
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from tests.support.jobs import Recorder, recorded
from tests.support.ssh_server import SshServer

FILES = 300
# A program of its own: it waits until the supervisor has seen the flags of stdout and stderr.
CLEARED = """python3 -c '
import fcntl, os, time
while any(fcntl.fcntl(each, fcntl.F_GETFL) & os.O_NONBLOCK for each in (1, 2)): time.sleep(0.001)'"""


def names(directory: Path) -> list[bytes]:
    """Make files; the lines that `tar cv` prints for them."""
    many = directory / "many"
    many.mkdir()
    for number in range(FILES):
        (many / f"{number:03}").write_bytes(b"x" * 3000)
    return [b"many/", *(b"many/%03d" % number for number in range(FILES))]


def written(seen: Recorder, stream: Stream) -> bytes:
    return b"".join(
        event.data for event in seen.events if isinstance(event, Output) and event.stream == stream
    )


@pytest.mark.needs("/usr/sbin/sshd", "ssh")
def test_ssh_beside_tar_loses_no_line(ssh_server: SshServer, tmp_path: Path) -> None:
    lines = sorted(names(tmp_path))
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], ""), recorded() as seen:
        for turn in range(8):
            seen.events.clear()
            (outcome,) = seen.runner.run(
                [
                    seen.job(
                        "bash",
                        "-eo",
                        "pipefail",
                        "-c",
                        'tar cvf - many | ssh production "cat >/dev/null"',
                        directory=tmp_path,
                        environment={
                            "HOME": str(tmp_path),
                            **ssh.environment({"PATH": "/usr/local/bin:/usr/bin:/bin"}),
                        },
                    )
                ]
            )
            assert (turn, outcome.state, outcome.reason) == (turn, State.SUCCEEDED, "")
            assert sorted(seen.output.splitlines()) == lines


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(
            """python3 -c '
import fcntl, os, time
for each in (1, 2): fcntl.fcntl(each, fcntl.F_SETFL, os.O_NONBLOCK)'""",
            id="python",
        ),
        pytest.param(
            """python3 -c '
import asyncio, sys
async def main():
    loop = asyncio.get_running_loop()
    for each in (sys.stdout, sys.stderr):
        await loop.connect_write_pipe(asyncio.BaseProtocol, open(each.fileno(), closefd=False))
asyncio.run(main())'""",
            id="asyncio",
        ),
        pytest.param(
            'node -e \'process.stdout.write(""); process.stderr.write("")\'',
            id="node",
            marks=pytest.mark.needs("node"),
        ),
    ],
)
def test_a_nonblocking_program_leaves_streams_usable(tmp_path: Path, program: str) -> None:
    lines = sorted(names(tmp_path))
    with recorded() as seen:
        for turn in range(4):
            seen.events.clear()
            (outcome,) = seen.runner.run(
                [
                    seen.job(
                        "bash",
                        "-ec",
                        f"{program}; {CLEARED}; tar cvf /dev/null many; tar cvf - many >/dev/null",
                        directory=tmp_path,
                    )
                ]
            )
            assert (turn, outcome.state, outcome.reason) == (turn, State.SUCCEEDED, "")
            for stream in Stream:
                assert sorted(written(seen, stream).splitlines()) == lines


def test_a_nonblocking_program_that_stays_harms_nobody() -> None:
    # A flood fits into the widened pipe, so that no write finds it full.
    code = """exec 4>&1 5>&2
coproc python3 -c '
import fcntl, os, time
def set_flags():
    for each in (4, 5): fcntl.fcntl(each, fcntl.F_SETFL, os.O_NONBLOCK)
set_flags()
while any(fcntl.fcntl(each, fcntl.F_GETPIPE_SZ) < 1 << 20 for each in (4, 5)): time.sleep(0.001)
print("widened", flush=True)
while True: time.sleep(0.005); set_flags()'
read <&"${COPROC[0]}"; seq 1 100000; seq 1 100000 >&2; kill $COPROC_PID"""
    with recorded() as seen:
        outcome = seen.bash(code)
    assert (outcome.state, outcome.reason) == (State.SUCCEEDED, "")
    assert len(seen.output.splitlines()) == 200000


def test_a_widened_pipe_keeps_lines_whole() -> None:
    code = """python3 -c '
import fcntl, os, time
for each in (1, 2): fcntl.fcntl(each, fcntl.F_SETFL, os.O_NONBLOCK)
while any(fcntl.fcntl(each, fcntl.F_GETPIPE_SZ) < 1 << 20 for each in (1, 2)): time.sleep(0.001)'
printf "half a "; sleep 0.1; echo error >&2; sleep 0.1; echo line"""
    with recorded() as seen:
        assert seen.bash(code).state == State.SUCCEEDED
    assert [event.data for event in seen.events if isinstance(event, Output)] == [
        b"error\n",
        b"half a line\n",
    ]
