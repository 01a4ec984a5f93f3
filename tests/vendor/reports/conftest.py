"""A project whose vendored files the tests write themselves: no index and no resolver."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bootstrapper.ve.standards.filename import parse_filename
from tests.support.wheels import lock_line, make_wheel
from tests.vendor.conftest import PYTHON, vendor

SOURCE = Path("requirements/src")

SERVER_AND_MAC = f'''targets = [
    {{ python = "{PYTHON}", platform = "linux-x86_64" }},
    {{ python = "{PYTHON}", platform = "macos-arm64" }},
]'''


class Vendored:
    """A project with files in requirements/src/."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.source = directory / SOURCE
        self.source.mkdir(parents=True)
        self.settings("")
        self.lock()

    def settings(self, text: str, python: str = f"=={PYTHON}.*") -> None:
        (self.directory / "pyproject.toml").write_text(
            f'[project]\nname = "site"\nversion = "7"\nrequires-python = "{python}"\n'
            f"[tool.vendor_fetch]\n{text}\n"
        )

    def wheel(self, name: str = "tiny", version: str = "1.0", **details: Any) -> Path:
        return make_wheel(self.source, name, version, **details)

    def lock(
        self,
        asked: Sequence[str] | None = None,
        *,
        tools: Sequence[str] = (),
        markers: Mapping[str, str] | None = None,
    ) -> None:
        """Write apps.in, which asks for `asked` or for every package, and the locks."""
        files = sorted(self.source.iterdir())
        if asked is None:
            own = (parse_filename(path.name) for path in files if path.name not in tools)
            asked = list(dict.fromkeys(each.name for each in own))
        (self.directory / "requirements/apps.in").write_text("".join(f"{each}\n" for each in asked))
        for lock, chosen in (
            ("apps.txt", [path for path in files if path.name not in tools]),
            ("tools.txt", [path for path in files if path.name in tools]),
        ):
            (self.directory / "requirements" / lock).write_text(
                "".join(lock_line(path, (markers or {}).get(path.name, "")) for path in chosen)
            )

    def run(self, *words: str) -> int:
        return vendor(self.directory, *words)


@pytest.fixture
def vendored(tmp_path: Path) -> Vendored:
    return Vendored(tmp_path / "project")


Json = Callable[..., Any]


@pytest.fixture
def printed_json(vendored: Vendored, capsys: pytest.CaptureFixture[str]) -> Json:
    """`printed_json("licenses")` runs the command with --json; returns what it prints."""

    def run(*words: str) -> Any:
        capsys.readouterr()
        vendored.run(*words, "--json")
        return json.loads(capsys.readouterr().out)

    return run


HOSTILE = "\x1b]0;pwned\x07\x1b[31m\x9b2J\u202e\rnext: rm -rf ."


def is_plain(text: str) -> bool:
    """Return whether a terminal shows a text as it is, and no line of it imitates a command."""
    lines = text.split("\n")
    return all(line.isprintable() for line in lines) and not any(
        line.strip().startswith("next: rm") for line in lines
    )
