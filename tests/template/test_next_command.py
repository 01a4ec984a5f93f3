"""The next command of an error message in a hook is the one that the user typed, with corrections."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from vendor_fetch.template.cookiecutter import typed_command


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["--no-input", "TEMPLATE", "timezone=Mars"], "--no-input TEMPLATE timezone=UTC"),
        (["-o", "a b", "TEMPLATE"], "-o 'a b' TEMPLATE timezone=UTC"),
        (["--replay", "TEMPLATE"], "TEMPLATE timezone=UTC"),
    ],
)
def test_command_is_the_typed_one(tmp_path: Path, typed: list[str], expected: str) -> None:
    """A hook is a child of cookiecutter, so a script of that name stands in for it here."""
    script = tmp_path / "bin" / "cookiecutter"
    script.parent.mkdir()
    hook = (
        "from pathlib import Path; from vendor_fetch.template.cookiecutter import "
        "typed_command; print(typed_command(Path('/x'), timezone='UTC'))"
    )
    script.write_text(
        f"#!{sys.executable}\nimport subprocess, sys\n"
        f"subprocess.run([sys.executable, '-c', {hook!r}], cwd={str(REPOSITORY)!r})\n"
    )
    script.chmod(0o755)
    for path, program in (
        (f"{script.parent}:/usr/bin:/bin", "cookiecutter"),
        ("/usr/bin:/bin", str(script)),
    ):
        run = subprocess.run(
            [script, *typed], env={"PATH": path}, capture_output=True, text=True, check=True
        )
        assert run.stdout == f"{program} {expected}\n"


def test_a_program_that_uses_cookiecutter_gets_a_short_command() -> None:
    assert typed_command(Path("/a b"), domain="x.example") == "cookiecutter '/a b' domain=x.example"
