"""Bytecode is what Python writes without options, whichever options the rebuild runs with."""

import marshal
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.ve.python import bytecode

SOURCE = b'"""Documented."""\nassert __debug__\n'


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_bytecode_ignores_optimisation_options(option: str) -> None:
    run = subprocess.run(
        [
            sys.executable,
            option,
            "-c",
            "import sys; from bootstrapper.ve.python import bytecode; "
            f"sys.stdout.buffer.write(bytecode.compile_source({SOURCE!r}, 'odd.py', mtime=7))",
        ],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    code = marshal.loads(run.stdout[16:])
    assert code == compile(SOURCE, "odd.py", "exec", dont_inherit=True, optimize=0)
    assert run.stdout == bytecode.compile_source(SOURCE, "odd.py", mtime=7)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("odd.py", f"__pycache__/odd.{sys.implementation.cache_tag}.pyc"),
        ("a/b.c/odd.x.py", f"a/b.c/__pycache__/odd.x.{sys.implementation.cache_tag}.pyc"),
    ],
)
def test_bytecode_path_is_that_of_python(source: str, path: str) -> None:
    assert bytecode.path_of(source) == path


def test_invalid_source_has_no_bytecode() -> None:
    assert bytecode.compile_source(b"print 'two'\n", "odd.py", mtime=0) is None
