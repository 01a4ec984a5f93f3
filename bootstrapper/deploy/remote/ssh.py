"""The ssh of one push: its configuration, and the connections that its stages share."""

import fcntl
import os
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from bootstrapper.cache_home import is_own
from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.machine.process import close_in_children
from bootstrapper.deploy.remote.ssh_failure import ssh_error
from bootstrapper.errors import BootstrapperError, InputError, WorkFailed

HERE = "."  # the REMOTE_HOST that is this machine

# Seconds: until a connection stands, and between signs of life of which the third that is missed
# ends it.
CONNECT_WITHIN = 10
ALIVE_EVERY = 5

# In ssh_config(5) the first value of an option is the one that holds, so ours come first. A stage
# is never the master of a connection: it would take it along when it ends.
_FIRST = """\
ControlPath "{directory}/%C"
ControlMaster no
ControlPersist no
BatchMode yes
ConnectTimeout {connect}
ServerAliveInterval {alive}
ServerAliveCountMax 3
RemoteCommand none
"""

# The options are those of ssh(1), which may stand on both sides of the host. A command that runs
# here gets the bare environment, the directory (of a home that isn't there, /) and the umask that
# sshd gives: what works here works elsewhere, and a web server can read it.
#
# ssh makes its streams non-blocking, and with them those of all who share their description: the
# other programs of the stage. So it gets descriptions of its own, of the same pipes.
_WRAPPER = """\
#!/bin/sh
options=:46AaB:b:CcD:E:e:F:fGgI:i:J:KkL:l:Mm:NnO:o:P:p:Q:qR:S:sTtVvW:w:XxYy
null=
here() {{
    OPTIND=1
    while getopts "$options" option; do [ "$option" != n ] || null=1; done
    shift $((OPTIND - 1))
    [ "${{1-}}" = . ] || return 1
    shift
    OPTIND=1
    while getopts "$options" option; do [ "$option" != n ] || null=1; done
    shift $((OPTIND - 1))
    command=$*
}}
if ! here "$@"; then
    own() {{ [ -p /proc/self/fd/"$1" ] && [ "$2" /proc/self/fd/"$1" ]; }}
    ! own 0 -r || exec </proc/self/fd/0
    ! own 1 -w || exec >>/proc/self/fd/1
    ! own 2 -w || exec 2>>/proc/self/fd/2
    {reach}
fi
cd 2>/dev/null || cd /
umask 022
[ -z "$null" ] || exec </dev/null
exec env -i HOME="$HOME" USER="$USER" LOGNAME="$USER" SHELL={shell} PATH={path} \\
    ${{LANG:+"LANG=$LANG"}} ${{TZ:+"TZ=$TZ"}} {shell} ${{command:+-c "$command"}}
"""

_PREFIX = "push-ssh-"
# ssh binds a name of 58 characters in it, and the address of a socket holds 103 (unix(7); 108 on
# Linux).
_LONGEST = 45
_JUST_MADE = 60.0
_SHELLS = ("sh", "bash", "dash", "ksh", "zsh")


def host_names(hosts: Sequence[str]) -> str:
    """Return the hosts of a deployment as a list in words."""
    return ", ".join("this machine" if host == HERE else host for host in hosts)


class Ssh:
    """A context manager for a directory with an `ssh` that comes first in the PATH of stages.

    That `ssh` is a wrapper: it adds our options, shares the connections that `command` opens, and
    reads the file that the setting SSH_CONFIG names (like `ssh -F`, no other one) or else the user's
    and the system's. For the host `.` it runs the command on this machine.
    """

    def __init__(self, config: Path | None = None, account: Account | None = None) -> None:
        self.config = config
        self.account = account or Account()

    def __enter__(self) -> Self:
        """Raise InputError without the file that SSH_CONFIG names."""
        program = shutil.which("ssh")
        given = self._given()
        parent = _parent()
        _sweep(parent)
        self.directory, self._lock = _make_directory(parent)
        close_in_children(self._lock)
        self._program = program
        self._own_config = self.directory / "ssh_config"
        first = _FIRST.format(directory=self._sockets(), connect=CONNECT_WITHIN, alive=ALIVE_EVERY)
        if given is None:
            first += "Include ~/.ssh/config\nInclude /etc/ssh/ssh_config\n"
        elif self.account.other:
            # ssh refuses to include a file of another user, but reads this one.
            first += given.decode("utf-8", "surrogateescape")
        else:
            # A copy: ssh refuses to include a file that a group may write, which -F would read.
            (self.directory / "given").write_bytes(given)
            first += f'Include "{self.directory}/given"\n'
        self._own_config.write_text(first, encoding="utf-8", errors="surrogateescape")
        self.account.share(self._own_config, 0o4)
        reach = (
            f'exec {shlex.quote(program)} -F {shlex.quote(str(self._own_config))} "$@"'
            if program
            else f"{{ echo {shlex.quote(str(_missing()))} >&2; exit 127; }}"
        )
        self._add(
            "ssh",
            _WRAPPER.format(
                reach=reach,
                shell=shlex.quote(_shell(self.account.shell)),
                path=shlex.quote(os.environ.get("PATH", os.defpath)),
            ),
        )
        for name in ("scp", "sftp"):  # which don't look for ssh in PATH
            if other := shutil.which(name):
                self._add(
                    name,
                    f"#!/bin/sh\nexec {shlex.quote(other)} -S "
                    f'{shlex.quote(str(self.directory / "ssh"))} "$@"\n',
                )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        if self._lock:
            self._lock.close()

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that a stage gets for its ssh, given its other ones."""
        return {"PATH": f"{self.directory}:{base.get('PATH', os.defpath)}"}

    def command(self, host: str, command: str) -> list[str]:
        """Return the words that run `command` on the host, over a connection which others then share.

        Raise WorkFailed where another machine is meant and this one has no ssh.
        """
        if host == HERE:
            return [str(self.directory / "ssh"), host, command]
        if host.startswith("-"):
            raise InputError(
                "REMOTE_HOST",
                f"{host!r} is an option of ssh, not the name of a host",
                "${EDITOR:-vi} deploy/deployments.toml  # correct REMOTE_HOST",
            )
        if self._program is None:
            raise _missing()
        return [
            self._program,
            "-F",
            str(self._own_config),
            "-o",
            "ControlMaster=yes",
            "-o",
            "ClearAllForwardings=yes",
            "-o",
            "LogLevel=INFO",
            "-x",
            "-T",
            "--",
            host,
            command,
        ]

    def failure(self, host: str, stderr: str, status: int, *, printed: str) -> BootstrapperError:
        """Return the error of a host that is not reached, from ssh's stderr or what was `printed`."""
        if self.config:
            stderr = stderr.replace(str(self.directory / "given"), str(self.config))
        by_hand = self.by_hand(host)
        return ssh_error(host, stderr, by_hand=by_hand, status=status, printed=printed)

    def by_hand(self, host: str) -> str:
        """Return the command by which a person tries to reach the host."""
        return shlex.join(["ssh", *(["-F", str(self.config)] if self.config else []), host])

    def _add(self, name: str, script: str) -> None:
        path = self.directory / name
        path.write_text(script)
        path.chmod(0o700)
        self.account.share(path, 0o5)

    def _sockets(self) -> Path:
        """Return the directory of the shared connections: one that their user can write to.

        That user must not be able to replace the files beside it.
        """
        if not self.account.other:
            return self.directory
        self.account.share(self.directory, 0o5)
        sockets = self.directory / "c"
        sockets.mkdir(mode=0o700)
        self.account.share(sockets, 0o7)
        return sockets

    def _given(self) -> bytes | None:
        if self.config is None:
            return None
        try:
            return self.config.read_bytes()
        except OSError as error:
            raise InputError(
                f"SSH_CONFIG = {str(self.config)!r}",
                error.strerror or str(error),
                "${EDITOR:-vi} deploy/deployments.toml  # correct SSH_CONFIG",
            ) from error


def _missing() -> WorkFailed:
    return WorkFailed("ssh", "is not installed here", "apt-get install openssh-client")


def _parent() -> str:
    """Return a directory for sockets and a program: names are short, files in it may be executed."""
    for parent in (
        os.environ.get("XDG_RUNTIME_DIR", ""),
        "/tmp",  # noqa: S108
        "/var/tmp",  # noqa: S108
        os.path.expanduser("~/.cache"),
    ):
        if (
            parent
            and len(os.fsencode(parent)) + 22 <= _LONGEST
            and _is_safe(Path(parent))
            and os.access(parent, os.W_OK)
            and not os.statvfs(parent).f_flag & getattr(os, "ST_NOEXEC", 0)
        ):
            return parent
    raise WorkFailed(
        "ssh",
        "no directory can hold the push's connections: it must be yours and "
        "writable, its files executable, its name short",
        "export XDG_RUNTIME_DIR=$HOME  # or such a directory, if yours is none",
    )


def _is_safe(parent: Path) -> bool:
    """Return whether no other user can replace a directory that we create in `parent`.

    `su` and `sudo -E` keep the XDG_RUNTIME_DIR of another user.
    """
    try:
        return is_own(parent) or (
            str(parent) in ("/tmp", "/var/tmp")  # noqa: S108
            and bool(parent.stat().st_mode & stat.S_ISVTX)
        )
    except OSError:
        return False


def _make_directory(parent: str) -> tuple[Path, FileIO]:
    """Make a directory, and return it with its lock.

    Another push may sweep the directory before it is locked, if the clock was set forward.
    """
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        with suppress(FileNotFoundError):
            lock = _lock(directory)
            if lock and os.fstat(lock.fileno()).st_nlink:
                return directory, lock
            if lock:
                lock.close()


def _lock(directory: Path) -> FileIO | None:
    """Lock the directory; return None if its owner lives."""
    file = FileIO(directory / "lock", "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _sweep(parent: str) -> None:
    """Remove what pushes have left that were killed; one just made may not be locked yet."""
    for path in Path(parent).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = path.lstat()
            if found.st_uid != os.getuid() or time.time() - found.st_mtime < _JUST_MADE:
                continue
            if lock := _lock(path):
                with lock:
                    shutil.rmtree(path, ignore_errors=True)


def _shell(shell: str) -> str:
    """Return the user's, as sshd takes it, if it is one: that of a service's user may be `nologin`."""
    return shell if os.path.basename(shell) in _SHELLS and os.access(shell, os.X_OK) else "/bin/sh"
