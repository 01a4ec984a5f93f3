"""The promises about the house itself: what may be imported, named and committed."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.conftest import REPOSITORY


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    ).stdout
    return [
        path
        for name in listed.decode().split("\0")
        if name
        if (path := REPOSITORY / name).is_file()
    ]


@pytest.mark.parametrize(
    "path",
    sorted((REPOSITORY / "bootstrapper").rglob("*.py")),
    ids=lambda path: path.relative_to(REPOSITORY).as_posix(),
)
def test_bootstrapper_needs_the_standard_library_alone(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "bootstrapper"}
    if path.name == "virtualenv.py":
        allowed.add("virtualenv")  # from its vendored wheel, which is a file of the project
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        else:
            continue
        assert {name.split(".")[0] for name in names} <= allowed


def test_no_file_names_the_host_of_a_package_registry() -> None:
    # The brackets keep this line from naming them.
    hosts = re.compile(rb"[p]ypi\.(org|python)|[p]ythonhosted|[r]egistry\.npm|[d]eb\.debian")
    for path in tracked():
        assert not hosts.search(path.read_bytes()), path


def test_no_third_party_file_is_committed() -> None:
    for path in tracked():
        assert path.suffix not in (".whl", ".gz", ".zip", ".tgz", ".bz2"), path


def test_import_graph_has_no_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between modules, imports inside functions included."""
    monkeypatch.syspath_prepend(REPOSITORY / "rolf")
    applications = [path.parent.name for path in (REPOSITORY / "rolf").glob("*/__init__.py")]
    graph = grimp.build_graph("bootstrapper", "vendor_fetch", *applications, cache_dir=None)
    try:
        TopologicalSorter(
            {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
        ).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
