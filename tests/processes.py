"""The processes that a test has started, to see that none outlives it."""

import subprocess
import time


def processes_of(session: int) -> list[str]:
    """The living processes of a session, as ps shows them; the first word is the id."""
    ps = subprocess.run(["ps", "-o", "pid=,stat=,args=", "-s", str(session)],
                        capture_output=True, text=True, check=False)
    return [line for line in ps.stdout.splitlines() if not line.split()[1].startswith("Z")]


def wait_until_gone(session: int, seconds: float = 20) -> None:
    """Wait for the last process of a session to end."""
    end = time.monotonic() + seconds
    while processes_of(session) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes_of(session) == []
