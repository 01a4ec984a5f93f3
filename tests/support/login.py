"""Run commands on another system as one of its users, as after a login."""

import subprocess
from abc import ABC, abstractmethod

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class LoginSystem(ABC):
    """A system that runs commands as its users."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name, for messages."""

    @abstractmethod
    def words(self, user: str, *words: str) -> list[str]:
        """Return the words that run a command there as a user."""

    def run(self, command: str, user: str = "root", *, timeout: float = 300) -> str:
        """Run a shell command that must succeed, and return its output."""
        run = self.attempt(command, user, timeout=timeout)
        assert run.returncode == 0, f"{self.name}: {command}\n{run.stdout[-6000:]}"
        return run.stdout.strip()

    def attempt(
        self, command: str, user: str = "root", *, timeout: float = 300
    ) -> "subprocess.CompletedProcess[str]":
        """Run a shell command."""
        return subprocess.run(
            self.words(user, "bash", "-euo", "pipefail", "-c", command),
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )


def as_user(user: str, home: str, *env: str, path: str = PATH) -> list[str]:
    """Return the words that run other words as a user; `env` are options and variables of env(1)."""
    return [
        *("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"),
        *("env", "-i", *env, f"PATH={path}", f"HOME={home}", f"USER={user}", "LANG=C.UTF-8"),
    ]
