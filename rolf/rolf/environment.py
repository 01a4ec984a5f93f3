"""Environment variables, and the file .env that adds to them."""

import os
import shlex
from pathlib import Path

import environ

DOTENV = Path(__file__).resolve().parent.parent / ".env"

env = environ.Env()


def read_dotenv():
    """Set the variables of .env, if the file is there. A variable that is already set wins."""
    if os.access(DOTENV, os.R_OK):
        env.read_env(DOTENV)


def missing_secret_key():
    """Return an error message that ends in the command to run next."""
    path, directory = shlex.quote(str(DOTENV)), shlex.quote(str(DOTENV.parent))
    if not DOTENV.exists():
        return (
            f"SECRET_KEY is not set, and there is no file {DOTENV}. "
            "If the site has run before, restore the file from a backup.\n"
            f"  next: make -C {directory} .env"
        )
    if not os.access(DOTENV, os.R_OK):
        return (
            f"SECRET_KEY is not set, and this user may not read {DOTENV}.\n"
            f"  next: sudo chown {os.geteuid()} {path}"
        )
    return (
        f"SECRET_KEY is not set, neither in the environment nor in {DOTENV}. "
        "If the site has run before, restore the file from a backup.\n"
        '  next: sed -i "/^SECRET_KEY=/d;\\$aSECRET_KEY=$(head -c 48 /dev/urandom | base64 -w 0)"'
        f" {path}"
    )
