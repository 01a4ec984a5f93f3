"""apache/django.wsgi and the recipes read the file of a server's settings by the same rules."""

import ast
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.support.programs import program

LINES = {
    "NAME=value": "value",
    "  export NAME = value  ": "value",
    'NAME="a # b"': "a # b",
    "NAME='it \"is\"' # a comment": 'it "is"',
    "NAME=a#b  # a comment": "a#b",
    "NAME=": "",
    "NAME=$(touch ran) `id` $HOME": "$(touch ran) `id` $HOME",
    'NAME="open': '"open',
    "NAME=ünï=x": "ünï=x",
    "#NAME=value": None,
    "2NAME=value": None,
    "touch ran": None,
}


@pytest.mark.parametrize("line", LINES)
def test_both_readers_agree(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NAME", raising=False)
    (tmp_path / ".env").write_text(f"{line}\nPATH=nowhere\n")
    assert read_by_recipe(tmp_path) == read_by_wsgi(tmp_path) == LINES[line]
    assert not (tmp_path / "ran").exists()


def read_by_recipe(release: Path) -> str | None:
    program(release / "manage.py", "env -0 >given")
    piece = (REPOSITORY / "bootstrapper/cookbook/manage.bash").read_text()
    settings = "MANAGE_DIRECTORY= ENV_FILE=.env REMOTE_HOST=. login=\n"
    command = f'cd {shlex.quote(str(release))}\n{settings}{piece}\n"${{manage[@]}}"'
    subprocess.run(["bash", "-eo", "pipefail", "-c", command], check=True)
    given = (release / "given").read_text().split("\0")
    assert f"PATH={os.environ['PATH']}" in given  # what is set already wins
    found = [entry.removeprefix("NAME=") for entry in given if entry.startswith("NAME=")]
    return found[0] if found else None


def read_by_wsgi(release: Path) -> str | None:
    """Run the function of the script, which needs Apache otherwise."""
    source = (REPOSITORY / "templates/adopted/django.wsgi").read_text()
    python = re.sub(r"^.*<[<%].*\n", "", source.partition("# apache/reload")[0], flags=re.MULTILINE)
    nodes = [
        node for node in ast.parse(python).body if isinstance(node, ast.FunctionDef | ast.Assign)
    ]
    code = ast.unparse(ast.Module(body=list(nodes), type_ignores=[]))
    run = (
        f"import json, os, re, sys\n{code}\n"
        "read_dotenv(sys.argv[1])\nprint(json.dumps(os.environ.get('NAME')))"
    )
    done = subprocess.run(
        ["python3", "-c", run, release / ".env"], check=True, text=True, capture_output=True
    )
    found: str | None = json.loads(done.stdout)
    return found
