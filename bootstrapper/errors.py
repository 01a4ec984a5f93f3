"""The one tree of errors that a user may meet: where, what is wrong, what to run next."""


class BootstrapperError(Exception):
    """A failure told as three things: the place, the fault, and the next command.

    `status` is the exit status that the command line ends with.
    """

    status = 1

    def __init__(self, where: str, fault: str, next_step: str) -> None:
        super().__init__(f"{where}: {fault}")
        self.where = where
        self.fault = fault
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.where}: {self.fault}\n  next: {self.next_step}"


class WorkFailed(BootstrapperError):
    """The work failed: a hash, a build, a full disk (exit status 1)."""


class InputError(BootstrapperError):
    """The command, or a file that people write, is wrong (exit status 2)."""

    status = 2


class Locked(BootstrapperError):
    """Somebody else holds the lock (exit status 3)."""

    status = 3
