"""A project in a directory, and the commands that run in it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import REPOSITORY

SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project that vendor_fetch works in."""

    directory: Path

    def create(
        self, requirements: str, targets: Sequence[tuple[str, str]], *, tarballs: bool = False
    ) -> None:
        """Write its files."""
        (self.directory / "requirements").mkdir(parents=True)
        (self.directory / "requirements/apps.in").write_text(requirements, encoding="utf-8")
        rows = ", ".join(f'{{ python = "{each}", platform = "{on}" }}' for each, on in targets)
        form = "tarball" if tarballs else "wheel"
        (self.directory / "pyproject.toml").write_text(
            '[project]\nname = "real"\nversion = "1"\nrequires-python = ">=3.11,<3.14"\n'
            f'[tool.vendor_fetch]\nformat = "{form}"\ntargets = [{rows}]\n',
            encoding="utf-8",
        )

    @property
    def source(self) -> Path:
        """The directory of its vendored files."""
        return self.directory / "requirements/src"

    def vendor(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run vendor_fetch."""
        command: list[str | Path] = [sys.executable, "-m", "vendor_fetch"]
        command += ["--project", self.directory, *words]
        return run(command, REPOSITORY)

    def simulated(self) -> dict[tuple[str, str], set[str]]:
        """Return the names of the files that `check --simulate` prints for each target."""
        done = self.vendor("check", "--simulate", "--json")
        rows = json.loads(done.stdout)["targets"] if done.returncode == 0 else []
        return {
            (row["python"], row["platform"]): {Path(path).name for path in row["files"]}
            for row in rows
        }


def run(
    command: Sequence[str | Path], at: Path, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        command,
        cwd=at,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
