"""`.deploy/` in a project: what its pushes keep on this machine. For its owner alone."""

from pathlib import Path


def dot_deploy(project: Path, name: str) -> Path:
    """The directory `.deploy/NAME`, made if it is missing."""
    top = project / ".deploy"
    if not top.is_dir():
        top.mkdir(mode=0o700, exist_ok=True)
        # Whatever the project's own .gitignore says, this is nothing to commit.
        (top / ".gitignore").write_text("*\n")
    directory = top / name
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory
