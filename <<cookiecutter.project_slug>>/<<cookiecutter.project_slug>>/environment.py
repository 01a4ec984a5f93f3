"""The environment: what the process was given, then what .env adds to it."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()


def read():
    """Add the lines of .env, if the file is there; a variable that is already set wins."""
    dotenv = BASE_DIR / ".env"
    if dotenv.is_file():
        env.read_env(dotenv)
