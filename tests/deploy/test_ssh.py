"""The push's own ssh: one connection for all stages, this machine as `.`, failures in words."""

import os
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from bootstrapper.deploy.remote import ssh as module
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.errors import BootstrapperError, InputError, WorkFailed
from tests.support.ssh_server import SshServer, serve

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "rsync", "git")


def run(ssh: Ssh, *words: str | Path, **more: object) -> "subprocess.CompletedProcess[str]":
    """Run a command as a stage would, with nothing but its own environment."""
    base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {"USER": "anna", **base, **ssh.environment(base)}
    return subprocess.run(
        words,
        env=environment,
        capture_output=True,
        text=True,  # type: ignore[call-overload, no-any-return]
        check=False,
        timeout=30,
        **more,
    )


def refusal(ssh: Ssh, *hosts: str) -> BootstrapperError:
    with pytest.raises(BootstrapperError) as caught, RemoteHosts(ssh, hosts, ""):
        pass
    return caught.value


def test_ssh_git_rsync_and_scp_of_a_push_share_one_connection(
    ssh_server: SshServer, tmp_path: Path
) -> None:
    repository = tmp_path / "origin"
    subprocess.run(["git", "init", "-q", repository], check=True)
    (tmp_path / "file").write_text("sent")
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], ""):
        assert run(ssh, "ssh", "production", "echo $((6 * 7))").stdout == "42\n"
        assert (
            run(ssh, "scp", "file", f"production:{tmp_path}/copied", cwd=tmp_path).returncode == 0
        )
        assert run(ssh, "git", "ls-remote", f"production:{repository}").returncode == 0
        assert (
            run(ssh, "rsync", "file", f"production:{tmp_path}/arrived", cwd=tmp_path).returncode
            == 0
        )
    assert (tmp_path / "arrived").read_text() == (tmp_path / "copied").read_text() == "sent"
    assert ssh_server.log.count("Accepted publickey") == 1


def test_a_stage_works_without_the_shared_connection(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh:
        done = run(ssh, "ssh", "production", "echo there")
    assert (done.stdout, done.stderr) == ("there\n", "")


def test_a_stage_that_ends_does_not_take_the_connection_along(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], "") as targets:
        for _ in range(3):
            assert run(ssh, "ssh", "production", "true").returncode == 0
            assert targets.lost() == ""
    assert ssh_server.log.count("Accepted publickey") == 1


def test_ctrl_c_for_the_stages_leaves_the_connection_alone(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], "") as targets:
        (target,) = targets
        assert os.getpgid(target.agent.pid) != os.getpgid(0)


def test_nothing_is_left_of_a_push(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh:
        with RemoteHosts(ssh, ["production"], "") as targets:
            (target,) = targets
        with pytest.raises(ProcessLookupError):
            os.kill(target.agent.pid, 0)
    assert not ssh.directory.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("ssh", ".", "cd / && pwd"),
        ("ssh", "-l", "anna", "-o", "SendEnv=X", ".", "-p", "22", "--", "cd / && pwd"),
        ("ssh", "-T", ".", "cd", "/", "&&", "pwd"),
    ],
)
def test_dot_is_this_machine_with_every_option_that_ssh_takes(words: tuple[str, ...]) -> None:
    with Ssh() as ssh:
        done = run(ssh, *words)
    assert (done.stdout, done.stderr, done.returncode) == ("/\n", "", 0)


def test_dot_takes_stdin_status_and_words_as_ssh_does(ssh_server: SshServer) -> None:
    asked = [("cat; exit 7",), ("printf '%s|'", "'a  b'", '"$HOME"', '"ü"'), ()]
    with Ssh(ssh_server.config) as ssh:
        for words in asked:
            here, there = (
                run(ssh, "ssh", host, *words, input="echo typed\n") for host in (".", "production")
            )
            assert here.returncode == there.returncode
            assert here.stdout == there.stdout.replace(str(ssh_server.home), os.environ["HOME"])
        assert run(ssh, "ssh", "-n", ".", "cat", input="typed").stdout == ""


def test_dot_starts_at_home_with_a_bare_environment() -> None:
    with Ssh() as ssh:
        done = run(ssh, "env", "SECRET=x", "ssh", ".", "pwd; env")
    home, *names = (line.partition("=")[0] for line in done.stdout.splitlines())
    assert home == os.environ["HOME"]
    assert set(names) <= {
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "PATH",
        "LANG",
        "TZ",
        "PWD",
        "SHLVL",
        "OLDPWD",
        "_",
    }


def test_rsync_and_git_work_with_dot(tmp_path: Path) -> None:
    source, arrived = tmp_path / "it's a $dir", tmp_path / "ünd"
    subprocess.run(["git", "init", "-q", source], check=True)
    (source / "file").write_text("sent")
    with Ssh() as ssh:
        assert run(ssh, "rsync", "-a", f"{source}/", f".:{arrived}/").returncode == 0
        listed = run(ssh, "git", "ls-remote", f".:{arrived}")
    assert (arrived / "file").read_text() == "sent"
    assert listed.returncode == 0, listed.stderr


def test_a_dot_among_the_words_of_a_command_is_no_host(ssh_server: SshServer) -> None:
    with Ssh(ssh_server.config) as ssh:
        done = run(ssh, "ssh", "production", "echo", ".", "$SSH_CONNECTION")
    assert done.stdout.startswith(". 127.")


def test_with_ssh_config_no_other_is_read(ssh_server: SshServer, tmp_path: Path) -> None:
    # Debian's own /etc/ssh/ssh_config sends LANG.
    with Ssh() as ssh:
        default = run(ssh, "ssh", "-G", "production").stdout
    with Ssh(ssh_server.config) as ssh:
        given = run(ssh, "ssh", "-G", "production").stdout
    assert f"port {ssh_server.port}\n" in given
    assert "sendenv" not in given
    if "SendEnv" in Path("/etc/ssh/ssh_config").read_text():
        assert "sendenv LANG" in default
    for configuration in (default, given):
        assert "batchmode yes\n" in configuration
        assert "controlmaster false\n" in configuration


def test_ssh_config_may_be_writable_by_the_group(ssh_server: SshServer) -> None:
    ssh_server.config.chmod(0o664)
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], ""):
        assert run(ssh, "ssh", "production", "true").returncode == 0


def test_a_missing_ssh_config_is_reported_before_anything_else(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"SSH_CONFIG = .*gone.*No such file"),
        Ssh(tmp_path / "gone"),
    ):
        pass


def test_a_fault_in_ssh_config_names_the_file_and_its_line(tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host production\n    Hostnam x\n")
    with Ssh(config) as ssh:
        error = refusal(ssh, "production")
    assert isinstance(error, InputError)
    assert f"{config}: line 2: Bad configuration option: hostnam" in str(error)
    assert error.next_step == f"${{EDITOR:-vi}} +2 {config}  # correct that line"


def test_an_option_is_no_host() -> None:
    with Ssh() as ssh:
        assert "option of ssh" in str(refusal(ssh, "-oProxyCommand=id"))


def test_an_unknown_name_is_reported(tmp_path: Path) -> None:
    with Ssh() as ssh:
        assert str(refusal(ssh, "no-such-host.invalid")) == (
            "no-such-host.invalid: the name no-such-host.invalid is not known\n"
            "  next: ssh no-such-host.invalid  # is REMOTE_HOST right, and the name in ssh's "
            "configuration?"
        )


def test_a_closed_port_is_reported(tmp_path: Path) -> None:
    config = tmp_path / "ssh_config"
    config.write_text("Host production\n    HostName 127.0.0.1\n    Port 1\n")
    with Ssh(config) as ssh:
        assert "production: nothing listens at 127.0.0.1 port 1\n  next:" in str(
            refusal(ssh, "production")
        )


def test_a_host_that_does_not_answer_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_WITHIN", 1)
    config = tmp_path / "ssh_config"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config.write_text(
            f"Host production\n    HostName 127.0.0.1\n    Port {silent.getsockname()[1]}\n"
        )
        with Ssh(config) as ssh:
            assert "does not answer (timed out)" in str(refusal(ssh, "production"))


def test_an_unknown_host_key_is_to_be_compared(ssh_server: SshServer) -> None:
    (ssh_server.directory / "known_hosts").write_text("")
    with Ssh(ssh_server.config) as ssh:
        error = refusal(ssh, "production")
    assert error.fault == "its host key is not known here yet"
    assert error.next_step == (
        f"ssh -F {ssh_server.config} production  # compare the fingerprint with the host's own"
    )


def test_a_changed_host_key_is_reported_loudly_and_never_just_removed(
    ssh_server: SshServer,
) -> None:
    ssh_server.change_host_key()
    shown = subprocess.run(
        ["ssh-keygen", "-lf", ssh_server.directory / "host_key.pub"],
        text=True,
        capture_output=True,
        check=True,
    ).stdout.split()[1]
    with Ssh(ssh_server.config) as ssh:
        error = refusal(ssh, "production")
    assert "ITS HOST KEY HAS CHANGED" in error.fault
    assert shown in error.fault
    assert f"{ssh_server.directory}/known_hosts:1" in error.fault
    assert "before somebody has read the fingerprint on the host itself" in error.fault
    assert "  # only if the host itself shows the same: ssh-keygen -f " in error.next_step
    pasted = subprocess.run(
        ["bash", "-c", error.next_step], text=True, capture_output=True, check=True
    )
    assert shown in pasted.stdout


def test_a_key_that_is_denied_is_reported(ssh_server: SshServer) -> None:
    ssh_server.deny()
    with Ssh(ssh_server.config) as ssh:
        error = refusal(ssh, "production")
    assert "Permission denied (publickey)" in error.fault
    assert "ssh-add -l" in error.next_step
    assert "ssh-copy-id" in error.next_step


def test_the_failures_of_all_hosts_are_reported_at_once(tmp_path: Path) -> None:
    with serve(tmp_path / "ssh", "one", "two", "three") as (one, two, three):
        two.deny()
        (three.directory / "known_hosts").write_text("")
        with Ssh(one.config) as ssh:
            error = refusal(ssh, "one", "two", "three")
    assert isinstance(error, WorkFailed)
    assert error.where == "2 of 3 hosts"
    assert "two: login refused" in error.fault
    assert "three: its host key is not known here yet" in error.fault
    assert "one:" not in error.fault


@pytest.mark.timeout(60)
def test_hosts_connect_at_the_same_time(tmp_path: Path) -> None:
    names = [f"app{number}" for number in range(4)]
    came = tmp_path / "came"
    came.mkdir()
    with serve(tmp_path / "ssh", *names) as servers, Ssh(servers[0].config) as ssh:
        for server in servers:
            # Each waits for all the others.
            (server.home / ".bashrc").write_text(
                f"touch {came}/$$; until [ $(ls {came} | wc -l) = 4 ]; do sleep 0.02; done\n"
            )
        with RemoteHosts(ssh, names, ""):
            assert len(list(came.iterdir())) == 4


def test_what_a_killed_push_left_is_swept_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_JUST_MADE", 0)
    killed = Ssh()
    killed.__enter__()
    with Ssh():
        assert killed.directory.exists(), "its owner lives"
    assert killed._lock
    killed._lock.close()  # as the kernel does when the process dies
    with Ssh():
        assert not killed.directory.exists()


@pytest.mark.parametrize("owner", [0, 4242])
def test_the_sockets_are_in_no_directory_of_another_user(
    monkeypatch: pytest.MonkeyPatch, owner: int
) -> None:
    """`su` keeps XDG_RUNTIME_DIR, whose owner could put another program in the place of our ssh."""
    if os.getuid():
        pytest.skip("needs root, to give a directory away")
    runtime = Path(tempfile.mkdtemp())  # pytest's own names are too long
    try:
        os.chown(runtime, owner, owner)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
        with Ssh() as ssh:
            assert (ssh.directory.parent == runtime) == (owner == 0)
    finally:
        runtime.rmdir()


def test_a_user_without_a_name_has_the_system_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may run as a number that /etc/passwd does not have."""

    def unknown(uid: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with Ssh() as ssh:
        assert run(ssh, "ssh", ".", "echo $SHELL").stdout == "/bin/sh\n"


def test_the_names_of_sockets_stay_short_enough(
    ssh_server: SshServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    for variable in ("XDG_RUNTIME_DIR", "TMPDIR"):
        monkeypatch.setenv(variable, str(deep))
    with Ssh(ssh_server.config) as ssh, RemoteHosts(ssh, ["production"], ""):
        assert run(ssh, "ssh", "production", "true").stderr == ""
    assert ssh_server.log.count("Accepted publickey") == 1
