"""Python projects in source form, with a build backend of their own that needs nothing."""

from collections.abc import Sequence
from pathlib import Path

from tests.support.repository import git

BACKEND = """
import io, os, sys, tarfile, zipfile
sys.path.insert(0, os.getcwd())
import project

def _metadata():
    lines = ["Metadata-Version: 2.2", "Name: " + project.NAME, "Version: " + project.VERSION]
    return "\\n".join([*lines, *("Requires-Dist: " + each for each in project.REQUIRES), ""])

def build_sdist(directory, settings=None):
    root = project.NAME + "-" + project.VERSION
    with tarfile.open(os.path.join(directory, root + ".tar.gz"), "w:gz") as archive:
        for folder, folders, names in os.walk("."):
            folders[:] = [each for each in folders if each not in (".git", "__pycache__")]
            for name in names:
                path = os.path.join(folder, name)
                archive.add(path, root + "/" + os.path.normpath(path))
        content = _metadata().encode()
        entry = tarfile.TarInfo(root + "/PKG-INFO")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return root + ".tar.gz"

def build_wheel(directory, settings=None, metadata=None):
    stem = project.NAME + "-" + project.VERSION
    name = stem + "-py3-none-any.whl"
    info = stem + ".dist-info"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        archive.writestr(project.NAME + ".py", open("module.py").read())
        archive.writestr(info + "/METADATA", _metadata())
        archive.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "/RECORD", "")
    return name
"""


def write_project(
    directory: Path, name: str = "mylib", version: str = "1.0", *, requires: Sequence[str] = ()
) -> Path:
    """Write a project whose module says the version; return its directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (directory / "backend.py").write_text(BACKEND)
    (directory / "project.py").write_text(
        f"NAME, VERSION, REQUIRES = {name!r}, {version!r}, {list(requires)!r}\n"
    )
    (directory / "module.py").write_text(f"VERSION = {version!r}\n")
    return directory


def commit_project(
    directory: Path, name: str = "mylib", version: str = "1.0", *, requires: Sequence[str] = ()
) -> str:
    """Write and commit a project in a git repository, made if need be; return the commit."""
    if not (directory / ".git").exists():
        directory.mkdir(parents=True, exist_ok=True)
        git(directory, "init", "--quiet", "--initial-branch=main")
        git(directory, "config", "user.email", "tests@example.org")
        git(directory, "config", "user.name", "Tests")
    write_project(directory, name, version, requires=requires)
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--allow-empty", "-m", version)
    return git(directory, "rev-parse", "HEAD").strip()
