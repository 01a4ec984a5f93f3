"""What a generated project brings along for its pushes."""

import re
import subprocess
from pathlib import Path

import pytest

from bootstrapper.__main__ import main
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import FILE
from tests.support.rendering import render


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = render(
        tmp_path_factory.mktemp("rendered"),
        project_slug="shop",
        domain="shop.example",
        deploy_user="shopper",
        server_root="/srv/sites",
    )
    git = ["git", "-C", directory, "-c", "user.name=Anna", "-c", "user.email=anna@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "A new site"]):
        subprocess.run([*git, *command], check=True)
    return directory


@pytest.mark.parametrize("deployment", ["", "production", "staging"])
def test_a_dry_run_of_a_new_project_misses_only_host_names(
    project: Path, deployment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "deploy",
        *([deployment] if deployment else []),
        "--dry-run",
        "--project",
        str(project),
    ]
    assert main(words) == 2
    faults = re.findall(
        r"^  (\S+:\d+): .* the setting (\w+), which is empty \(line (\d+)\)$",
        capsys.readouterr().err,
        re.MULTILINE,
    )
    lines = (project / FILE).read_text().splitlines()
    assert [name for _, name, _ in faults] == ["REPOSITORY", "REMOTE_HOST"]
    for _, name, line in faults:
        assert lines[int(line) - 1] == f'{name} = ""'


def test_both_deployments_know_the_answers(project: Path) -> None:
    read = reader.read(project)
    assert read.default == "production"
    directories = {"production": "/srv/sites/shop", "staging": "/srv/sites/shop-staging"}
    for name, directory in directories.items():
        deployment = read.deployment(name)
        assert deployment.settings["REMOTE_DIRECTORY"] == directory
        assert f'<Directory "{directory}">' in (project / "apache" / f"{name}.conf").read_text()
        assert deployment.settings["SETTINGS_MODULE"] == f"shop.settings.{name}"
        assert deployment.on_failure == "rollback"
    assert '"shopper@app1.example.org"' in (project / FILE).read_text()


def shared_files(project: Path, directory: Path, tmp_path: Path) -> str:
    """Run the recipe as a stage does, on this machine instead of over ssh."""
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir(exist_ok=True)
    ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
    ssh.chmod(0o755)
    recipe = project / "deploy" / "recipes" / "shared-files.sh"
    run = subprocess.run(
        ["bash", "-eo", "pipefail", recipe],
        cwd=project,
        text=True,
        check=False,
        capture_output=True,
        env={
            "PATH": f"{ssh.parent}:/usr/bin:/bin",
            "REMOTE_HOST": "app1",
            "REMOTE_DIRECTORY": str(directory),
            "SETTINGS_MODULE": "shop.settings.staging",
        },
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_first_push_makes_a_secret_key_and_no_later_one_touches_it(
    project: Path, tmp_path: Path
) -> None:
    directory = tmp_path / 'it\'s a "place" of $5'
    assert "made " in shared_files(project, directory, tmp_path)
    dotenv = directory / "shared" / ".env"
    text = dotenv.read_text()
    assert re.search(r"^SECRET_KEY=[\w-]{64}$", text, re.MULTILINE)
    assert re.search(r"^DJANGO_SETTINGS_MODULE=shop\.settings\.staging$", text, re.MULTILINE)
    example = (project / ".env.example").read_text()
    assert len(text.splitlines()) == len(example.splitlines())
    assert dotenv.stat().st_mode & 0o777 == 0o600
    assert (directory / "shared" / "data").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in dotenv.parent.iterdir()) == [".env", "data", "media"]
    assert shared_files(project, directory, tmp_path) == ""
    assert dotenv.read_text() == text
    # Another server's key is another one.
    shared_files(project, tmp_path / "other", tmp_path)
    assert (tmp_path / "other" / "shared" / ".env").read_text() != text


def test_each_recipe_says_what_it_does_and_what_it_needs(project: Path) -> None:
    for path in (project / "deploy" / "recipes").iterdir():
        text = path.read_text()
        assert re.match(r"# [A-Z].*\.\n", text), path
        assert re.search(r"^# needs:", text, re.MULTILINE), path
