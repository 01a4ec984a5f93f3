"""The agent process on a host, and the protocol of lines that it speaks."""

import os
import select
import subprocess
import tempfile
from collections.abc import Sequence
from importlib.resources import files

from bootstrapper.deploy.machine.account import Account
from bootstrapper.deploy.machine.process import close_in_children

Message = tuple[str, bytes]


class Agent:
    """Runs agent.sh with `command`; only `wait` and `end_within` wait.

    A message is a first word and the rest of its line; after `log` comes a line of the host's
    pushes.log. Lines that a login shell prints before the agent's own are no messages. `printed` is
    the last of them: nologin(8) says there why nobody may log in.
    """

    def __init__(
        self,
        command: Sequence[str],
        sent_first: bytes,
        word: str,
        account: Account | None = None,
    ) -> None:
        self._account = account or Account()
        self._word = word.encode() + b" "
        self._received, self._unsent, self._in_log = b"", sent_first, False
        # A file: nobody need read it while ssh lives.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = self._account.popen(
            command,
            stderr=self._stderr,
            bufsize=0,
            start_new_session=True,
        )  # Ctrl-C is for the stages: the lock outlasts their end
        assert self._process.stdin and self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
            close_in_children(pipe)
        self.ended, self.printed = False, ""
        self._write()

    @property
    def busy(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._unsent)

    @property
    def pid(self) -> int:
        """The process's id: that of ssh, which holds the connection."""
        return self._process.pid

    def status(self) -> int:
        """Return the process's exit status, when it has ended or is about to."""
        return self._process.wait()

    def stderr_text(self) -> str:
        """Return what ssh, or the shell, has written to stderr."""
        self._stderr.seek(0)
        return self._stderr.read().decode(errors="replace")

    def send(self, line: bytes) -> None:
        """Send a line now as far as it goes, and the rest with the next call of anything here."""
        self._unsent += line + b"\n"
        self._write()

    def receive(self) -> list[Message]:
        """Return the messages that have come since; sets `ended` when there will be no more."""
        self._write()
        while not self.ended:
            try:
                received = os.read(self._stdout.fileno(), 1 << 16)
            except BlockingIOError:
                break
            self.ended = not received
            self._received += received
        *lines, self._received = self._received.split(b"\n")
        if self.ended:
            self._print(self._received)
        return [message for line in lines for message in self._messages(line)]

    def end(self) -> None:
        """Close its stdin, which ends it."""
        self._stdin.close()

    def end_within(self, seconds: float) -> None:
        """Wait for its end, which comes by force after `seconds`."""
        self.end()
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            self._account.kill(self._process)
            self._process.wait()
        self._stdout.close()
        self._stderr.close()

    def _write(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._stdin.fileno(), self._unsent) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._unsent = b""  # it has ended: `receive` will find that

    def _print(self, line: bytes) -> None:
        self.printed = line.decode(errors="replace").strip() or self.printed

    def _messages(self, line: bytes) -> list[Message]:
        if not line.startswith(self._word):
            if self._in_log and line:
                return [("log", line)]
            self._print(line)
            return []
        key, _, value = line.removeprefix(self._word).partition(b" ")
        self._in_log = key == b"log"
        return [] if self._in_log else [(key.decode(errors="replace"), value)]


def wait(agents: Sequence[Agent], seconds: float) -> None:
    """Return when one of them has something to receive, or can take more."""
    poll = select.poll()
    for agent in agents:
        poll.register(agent._stdout, select.POLLIN)
        if agent.busy:
            poll.register(agent._stdin, select.POLLOUT)
    poll.poll(max(seconds, 0) * 1000)


def program(
    word: str, *, lock: bool, seconds: float, directory: str, holder: str
) -> tuple[str, bytes]:
    """Return the command that runs the agent, and what it reads first.

    The program itself comes on its stdin: whatever the login shell is, it finds nothing to expand.
    """
    code = (files("bootstrapper.deploy.remote") / "agent.sh").read_bytes()
    values = (word, "hold" if lock else "look", f"{seconds:g}", directory, holder)
    return (
        f"""exec bash -c 'eval "$(head -c {len(code)})"'""",
        code + b"".join(os.fsencode(value) + b"\n" for value in values),
    )
