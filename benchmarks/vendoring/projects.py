"""The projects whose files are vendored."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.subject import REQUIREMENTS

ONE = (("3.12", "linux-x86_64"),)
NINE = tuple(
    (python, platform)
    for python in ("3.11", "3.12", "3.13")
    for platform in ("linux-x86_64", "linux-aarch64", "macos-arm64")
)


def create(directory: Path, targets: Sequence[tuple[str, str]], apps_in: str | None = None) -> Path:
    """Write a project that asks for the bench set, or for other requirements."""
    (directory / "requirements").mkdir(parents=True)
    text = REQUIREMENTS.read_text(encoding="utf-8") if apps_in is None else apps_in
    (directory / "requirements/apps.in").write_text(text, encoding="utf-8")
    rows = ", ".join(f'{{ python = "{each}", platform = "{system}" }}' for each, system in targets)
    (directory / "pyproject.toml").write_text(
        '[project]\nname = "bench"\nversion = "1"\nrequires-python = ">=3.11,<3.14"\n'
        f"[tool.vendor_fetch]\ntargets = [{rows}]\n",
        encoding="utf-8",
    )
    return directory


def forget_vendored(project: Path) -> None:
    """Remove the locks and the vendored files."""
    shutil.rmtree(project / "requirements/src", ignore_errors=True)
    for lock in ("apps.txt", "tools.txt"):
        (project / "requirements" / lock).unlink(missing_ok=True)


def restore(project: Path, saved: Path) -> None:
    """Give the project the requirements, locks and files of a saved copy."""
    shutil.rmtree(project / "requirements", ignore_errors=True)
    shutil.copytree(saved / "requirements", project / "requirements")
