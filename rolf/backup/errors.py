"""The error of both commands."""


class BackupError(Exception):
    """What is wrong, where, and in a second line the next command."""
