"""The environment: what the process was given, then what .env adds to it."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()


def read():
    """Add the lines of .env, if the file is there; a variable that is already set wins."""
    dotenv = BASE_DIR / ".env"
    if dotenv.is_file():
        # Opened here: read_env takes a file that may not be read for one that is not there.
        with dotenv.open(encoding="utf-8") as lines:
            env.read_env(lines)
