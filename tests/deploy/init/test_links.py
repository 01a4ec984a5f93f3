"""A link in the project leads init to no file elsewhere."""

from pathlib import Path

import pytest

from tests.deploy.init.conftest import init, write


@pytest.mark.parametrize("link", [".deploy", ".deploy/init"])
@pytest.mark.parametrize("is_done", [True, False])
def test_leftovers_are_not_removed_elsewhere(
    project: Path, tmp_path: Path, link: str, is_done: bool
) -> None:
    write(project, {"mkdocs.yml": ""})
    if is_done:
        write(project, {"deploy/deployments.toml": ""})
    elsewhere = tmp_path / "elsewhere"
    names = ("definition", "ignore", ".gitignore", "init/definition", "init/.gitignore")
    write(elsewhere, dict.fromkeys(names, "mine\n"))
    (project / link).parent.mkdir(exist_ok=True)
    (project / link).symlink_to(elsewhere)
    before = {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()}
    printed = init(project, status=0 if is_done else 2)
    assert is_done or f"{link}: is a link" in printed
    assert {path: path.read_bytes() for path in elsewhere.rglob("*") if path.is_file()} == before
    assert (project / link).is_symlink()
