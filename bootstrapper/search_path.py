"""Keeps `python -m` from importing the files of the directory in which it happens to run."""

import sys


def leave_current_directory() -> None:
    """Take away the directory that `python -m` searches first.

    A json.py or token.py that lies there would replace the standard library's. The packages of a
    checkout in that directory go on working: they have been imported, so their modules are found.
    To be called before anything else is imported; `python -P` needs no call.
    """
    if not sys.flags.safe_path:
        del sys.path[0]
