"""The `.env` of a new project: that of the example, with a secret key of its own."""

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

# Django warns below 50 characters (security.W009); 50 random bytes are 67 of them, all of which
# are themselves in a shell and in an environment file.
SECRET_BYTES = 50


def write_env(project: Path) -> None:
    """Write `.env` from `.env.example`, for its owner only. One that is there stays."""
    example = (project / ".env.example").read_text(encoding="utf-8")
    text = re.sub(r"^SECRET_KEY=.*$", f"SECRET_KEY={secrets.token_urlsafe(SECRET_BYTES)}",
                  example, count=1, flags=re.MULTILINE)
    with suppress(FileExistsError):
        descriptor = os.open(project / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
