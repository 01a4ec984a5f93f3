"""Programs that a test puts in the place of ones that can't run here."""

from pathlib import Path


def program(path: Path, text: str) -> Path:
    """An executable in bash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return path
