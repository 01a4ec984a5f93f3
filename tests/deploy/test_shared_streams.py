"""A program of a stage that makes its streams non-blocking doesn't break the others' output."""

from pathlib import Path

import pytest

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from tests.support.jobs import recorded
from tests.support.ssh_server import SshServer

FILES = 300


def names(directory: Path) -> list[bytes]:
    """Make files; the lines that `tar cv` prints for them."""
    many = directory / "many"
    many.mkdir()
    for number in range(FILES):
        (many / f"{number:03}").write_bytes(b"x" * 3000)
    return [b"many/", *(b"many/%03d" % number for number in range(FILES))]


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
                        f"{program}; sleep 0.1; tar cvf /dev/null many; tar cvf - many >/dev/null",
                        directory=tmp_path,
                    )
                ]
            )
            assert (turn, outcome.state, outcome.reason) == (turn, State.SUCCEEDED, "")
            assert sorted(seen.output.splitlines()) == sorted(lines * 2)


def test_a_nonblocking_program_that_stays_harms_nobody(tmp_path: Path) -> None:
    code = """python3 -c '
import fcntl, os, time
for each in (1, 2): fcntl.fcntl(each, fcntl.F_SETFL, os.O_NONBLOCK)
time.sleep(1)' & sleep 0.2; seq 1 100000; seq 1 100000 >&2; wait"""
    with recorded() as seen:
        outcome = seen.bash(code)
    assert (outcome.state, outcome.reason) == (State.SUCCEEDED, "")
    assert len(seen.output.splitlines()) == 200000
