"""One host of a deployment: its connection, its lock and its state."""

import json
import os
import re
from dataclasses import dataclass, field

from bootstrapper.deploy.events.times import PushClock
from bootstrapper.deploy.machine.holder import LockInfo, PushHolder
from bootstrapper.deploy.remote.agent import Agent, program, wait
from bootstrapper.deploy.remote.ssh import HERE, Ssh
from bootstrapper.errors import BootstrapperError, InputError, Locked, WorkFailed
from bootstrapper.quoting import joined, quoted

# Seconds. Counted from a sign of life that was answered, the pusher gives up ten seconds before
# the target lets somebody else in: enough for its stages to end.
BEAT_EVERY = 5.0
ANSWER_WITHIN = 20.0
GIVE_UP_AFTER = 30.0
OPEN_WITHIN = 30.0

# The files in REMOTE_DIRECTORY; docs/reference.md prints this table.
FILES = {
    "current": "a link to the live release, such as `releases/12`. One rename switches it",
    "previous": "a link to the release that was live before",
    "releases/": "a directory for each push, with the number of the push as its name",
    "shared/": "what releases share: `.env`, `data`, `media`. Each release has links to it",
    "pushes.log": "the history: a line of JSON when a push starts and one when it ends, with the "
    "keys of a push. The last line of a push counts",
    ".deploy/": "the lock, who locked the deployment and why, and the store of a user without a "
    "cache directory",
}

# What bash puts before a message.
_PLACE = re.compile(r"^(?:bash|environment): (?:line \d+: )?(?:printf: )?")
_PACKAGES = {"bash": "bash", "flock": "util-linux"}


class RemoteHost:
    """A connection to a host and the agent there. It holds the host's lock while it is open.

    Without `holder` it takes no lock and only reads. Without `directory` there is no agent, only the
    connection. Call `opened` until it returns true; then `state` is known. Call `beat` and `lost` ten
    times a second; they never wait. The other methods wait for an answer.
    """

    def __init__(self, ssh: Ssh, host: str, directory: str, holder: PushHolder | None) -> None:
        self.host, self.directory, self.state = host, directory, HostState()
        self._holder = holder
        self._ssh, self._by_hand = ssh, ssh.by_hand(host)
        self._word = word = os.urandom(12).hex()
        command, first = (
            program(
                word,
                lock=holder is not None,
                seconds=GIVE_UP_AFTER,
                directory=directory,
                holder=holder.to_json() if holder else "",
            )
            if directory
            else ("exec cat", f"\n{word} state\n".encode())
        )
        self._clock = PushClock()
        self._started = self._answered = self._clock.now()
        self._asked: float | None = None
        self._gone = ""
        self._replies: list[tuple[str, bytes]] = []
        self.agent = Agent(ssh.command(host, command), first, word, ssh.account)

    def opened(self) -> bool:
        """Return whether all is known; raise Locked, or WorkFailed in words, if it can't be."""
        # What has come since we looked last may be as old as that.
        asked, self._answered = self._answered, self._clock.now()
        opened = False
        for key, value in self.agent.receive():
            match key:
                case "state":
                    opened, self._answered = True, asked
                case "refused":
                    raise self._refusal(os.fsdecode(value))
                case "held" if self._holder:
                    raise self._held(self._holder, PushHolder.from_json(value))
                case "gone":
                    self._give_up()
                case _:
                    self.state.learn(key, value)
        if opened:
            return True
        if self.agent.ended:
            raise self._failure()
        if self._clock.now() - self._started > OPEN_WITHIN:
            raise WorkFailed(
                self.host,
                f"gives no answer within {OPEN_WITHIN:g} seconds of logging in",
                f"{self._by_hand}  # shows where it stops",
            )
        return False

    def beat(self) -> None:
        """Send a heartbeat, if it is due."""
        self._receive()
        now = self._clock.now()
        if self._asked is None and now - self._answered >= BEAT_EVERY:
            self._asked = now
            self.agent.send(b"beat" if self.directory else f"{self._word} beat".encode())

    def lost(self) -> str:
        """Return why the host can't be relied on any more, so that the push must end; or nothing."""
        self._receive()
        if self._gone:
            return f"{self.host}: {self._gone}"
        silent = self._clock.now() - self._answered
        if silent > ANSWER_WITHIN:
            return f"{self.host}: the target has not answered for {silent:.0f} seconds"
        return ""

    def ask(self, command: str, argument: str = "") -> None:
        """Send a command; `answer` waits for what comes of it."""
        self._replies.clear()
        self.agent.send(os.fsencode(f"{command} {argument}" if argument else command))

    def answer(self) -> str:
        """Wait for the answer to what was asked, and return it; raise WorkFailed in words."""
        end = self._clock.now() + ANSWER_WITHIN
        while True:
            gone = self.lost()
            if self._replies:
                break
            if gone:
                raise WorkFailed(self.host, gone.partition(": ")[2], self._by_hand)
            if self._clock.now() > end:
                raise WorkFailed(
                    self.host,
                    f"the target has not answered for {ANSWER_WITHIN:g} seconds",
                    self._by_hand,
                )
            wait([self.agent], 0.1)
        key, value = self._replies.pop(0)
        if key == "failed":
            raise self._refusal(os.fsdecode(value))
        return os.fsdecode(value)

    def _receive(self) -> None:
        for key, value in self.agent.receive():
            match key:
                case "beat" if self._asked is not None:
                    # It was alive when we asked, however late we read that.
                    self._answered, self._asked = self._asked, None
                case "done" | "failed":
                    self._replies.append((key, value))
                case "gone":
                    self._give_up()
        if self.agent.ended and not self._gone:
            text = self.agent.stderr_text().strip().splitlines()
            self._gone = "the connection was lost" + (f" ({text[-1].strip()})" if text else "")

    def _give_up(self) -> None:
        self._gone = (
            f"the target heard nothing from here for {GIVE_UP_AFTER:g} seconds and gave up the lock"
        )

    def _held(self, us: PushHolder, other: PushHolder) -> BootstrapperError:
        if us == other:
            return InputError(
                self.host,
                f"{self.directory} there is that of another host of REMOTE_HOSTS, too",
                "${EDITOR:-vi} deploy/deployments.toml  # name that host once",
            )
        if other == PushHolder():
            # Any user who can read the directory can lock it: flock(2).
            return Locked(
                us.deployment if self.host == HERE else f"{us.deployment} ({self.host})",
                f"{self.directory} is locked by a process that has not written its name",
                f"{self._there('fuser', '-v', self.directory)}  # as root: shows the process; "
                "chmod o-r prevents that other users lock the directory",
            )
        return other.refusal(us.deployment, self.host)

    def _failure(self) -> BootstrapperError:
        """Return the error of an agent that ended before its first message."""
        status, text = self.agent.status(), self.agent.stderr_text()
        if status == 127 or re.search(r"bash:? (?:command )?not found", text):
            return self._refusal("missing bash")
        if self.host == HERE:
            return WorkFailed(
                self.host,
                text.strip() or f"bash ended with status {status}",
                "bash -c true",
            )
        return self._ssh.failure(self.host, text, status, printed=self.agent.printed)

    def _there(self, *words: str) -> str:
        """Return the command that runs the words on the host; the shell there reads them again."""
        command = joined(words)
        if self.host == HERE:
            return command
        return f"{self._by_hand} {command if command == ' '.join(words) else quoted(command)}"

    def _refusal(self, text: str) -> WorkFailed:
        text = _PLACE.sub("", text.strip())
        where = self.directory if self.host == HERE else f"{self.host}:{self.directory}"
        if text.startswith("missing "):
            name = text.removeprefix("missing ")
            return WorkFailed(
                self.host,
                f"{name} is missing there, which the lock needs",
                self._there("apt-get", "install", _PACKAGES.get(name, "coreutils")) + "  # as root",
            )
        if "No space left" in text or "quota exceeded" in text:
            return WorkFailed(
                where, f"the disk is full ({text})", self._there("df", "-h", self.directory)
            )
        if "Permission denied" in text or "Read-only" in text or "not permitted" in text:
            return WorkFailed(
                where, f"can't be written ({text})", self._there("ls", "-ld", self.directory)
            )
        return WorkFailed(where, text, self._there("ls", "-la", self.directory))


@dataclass(kw_only=True)
class HostState:
    """`current` is the name of the release that is live, or empty.

    `log` is the end of its pushes.log, a record (JSON) a line, oldest first; the first may be torn.
    `holder` is who pushes to it now; to the one that holds the lock itself nobody does.
    """

    current: str = ""
    releases: list[str] = field(default_factory=list)
    log: list[bytes] = field(default_factory=list)
    lock_info: LockInfo | None = None
    holder: PushHolder | None = None

    @property
    def records(self) -> list[dict[str, object]]:
        """The lines of `log` that are whole records."""
        found = []
        for line in self.log:
            try:
                read = json.loads(line)
            except ValueError:
                continue
            if isinstance(read, dict):
                found.append(read)
        return found

    def learn(self, key: str, value: bytes) -> None:
        """Process one message of the agent."""
        match key:
            case "current":
                self.current = os.path.basename(os.fsdecode(value))
            case "release":
                self.releases.append(os.fsdecode(value))
            case "log":
                self.log.append(value)
            case "locked":
                self.lock_info = LockInfo.from_json(value)
            case "held":
                self.holder = PushHolder.from_json(value)
