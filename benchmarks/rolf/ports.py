"""A port that nobody has."""

import socket


def free_port() -> int:
    """One of 127.0.0.1's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
