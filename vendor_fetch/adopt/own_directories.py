"""Walk the directories of a project that people write files into."""

import os
from collections.abc import Iterator
from pathlib import Path

# Virtualenvs, what package managers install, and what a running site writes.
_SKIPPED = {"node_modules", "ve", "venv", "env", "site-packages", "static", "media"}


def own_files(root: Path, depth: int = 100) -> Iterator[Path]:
    """Yield the files of a project, at most `depth` directories deep."""
    for folder, directories, names in os.walk(root):
        is_deep = len(Path(folder).relative_to(root).parts) >= depth
        directories[:] = [
            name
            for name in sorted(directories)
            if not is_deep and name not in _SKIPPED and not name.startswith(".")
        ]
        yield from (Path(folder, name) for name in names)
