"""The environment: what the process was given, then what .env adds to it."""

import os
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
DOTENV = BASE_DIR / ".env"

env = environ.Env()


def read():
    """Add the lines of .env, if the file is there; a variable that is already set wins."""
    if os.access(DOTENV, os.R_OK):
        env.read_env(DOTENV)


def unread():
    """Say that this user may not read .env; nothing if there is none, or if it can be read."""
    if DOTENV.exists() and not os.access(DOTENV, os.R_OK):
        return f" The user of this process may not read {DOTENV}: chown it."
    return ""
