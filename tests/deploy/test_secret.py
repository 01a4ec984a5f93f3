"""Secrets come from the environment or a file that only its owner reads, and are never shown."""

import subprocess
from pathlib import Path

import pytest

from bootstrapper.deploy.definition import reader, secret
from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.definition.problems import DefinitionError
from tests.support.definitions import write

TEXT = """\
[deployments.production]
stages = ["clear"]
[deployments.production.settings]
DSN = { secret = true }
KEY = { secret = true }
"""


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return reader.read(write(tmp_path, TEXT)).deployment()


def keep(project: Path, text: str, mode: int = 0o600) -> None:
    path = project / "deploy/secrets.env"
    path.write_text(text)
    path.chmod(mode)


def parsed(text: str) -> dict[str, str]:
    return secret.parse(text.encode())


def test_the_environment_comes_before_the_file(tmp_path: Path, deployment: Deployment) -> None:
    keep(tmp_path, "DSN=of the file\nKEY=of the file\nOTHER=nobody asks\n")
    found = secret.read(tmp_path, deployment, {"DSN": "of the environment", "HOME": "/"})
    assert dict(found) == {"DSN": "of the environment", "KEY": "of the file"}
    assert found.problems == []


def test_missing_secrets_are_all_reported_with_their_line(
    tmp_path: Path, deployment: Deployment
) -> None:
    found = secret.read(tmp_path, deployment, {"KEY": ""})
    assert list(map(str, found.problems)) == [
        f"deploy/deployments.toml:{line}: the secret {name} has no value, neither in the "
        "environment nor in deploy/secrets.env"
        for line, name in ((4, "DSN"), (5, "KEY"))
    ]
    assert "chmod 600" in found.problems[0].next_step


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(
    tmp_path: Path, deployment: Deployment, mode: int
) -> None:
    keep(tmp_path, "DSN=swordfish\nKEY=x\n", mode)
    found = secret.read(tmp_path, deployment, {})
    [fault] = found.problems
    assert str(fault) == (
        f"deploy/secrets.env: others than its owner can read it (mode {mode:o}), so it isn't used"
    )
    assert fault.next_step == "chmod 600 deploy/secrets.env"


def test_a_file_that_git_tracks_is_refused(tmp_path: Path, deployment: Deployment) -> None:
    keep(tmp_path, "DSN=swordfish\nKEY=x\n")

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    assert secret.read(tmp_path, deployment, {}).problems == []
    git("add", "deploy/secrets.env")
    [fault] = secret.read(tmp_path, deployment, {}).problems
    assert "git tracks it" in fault.text
    subprocess.run(
        fault.next_step.split(";")[0], shell=True, cwd=tmp_path, check=True, capture_output=True
    )
    assert secret.read(tmp_path, deployment, {}).problems == []


def test_a_project_without_secrets_has_no_use_for_the_file(tmp_path: Path) -> None:
    plain = reader.read(write(tmp_path, '[deployments.x]\nstages = ["a"]\n')).deployment()
    keep(tmp_path, "not even right", 0o644)
    assert secret.read(tmp_path, plain, {}).problems == []


def test_no_repr_and_no_message_shows_a_secret(tmp_path: Path, deployment: Deployment) -> None:
    keep(tmp_path, "DSN='swordfish'\nKEY=x\n")
    assert repr(secret.read(tmp_path, deployment, {})) == "Secrets(DSN, KEY)"
    for text in (
        "swordfish",
        "DSN='swordfish",
        'DSN="swordfish',
        "DSN='swordfish' swordfish",
        "swordfish=swordfish swordfish\nswordfish",
        "DSN=swordfish\nDSN=swordfish\n",
    ):
        with pytest.raises(DefinitionError) as caught:
            parsed(text)
            parsed(f"{text}\nagain swordfish")
        assert "swordfish" not in str(caught.value).replace("of swordfish's", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=plain", "plain"),
        ("A=", ""),
        ("A= spaced out  ", "spaced out"),
        ("export A=x", "x"),
        ("  export\tA=x", "x"),
        ("A=x # comment", "x"),
        ("A=x#y", "x#y"),
        ("A= # comment", ""),
        ("A='# none'", "# none"),
        ("A='  x  ' # comment", "  x  "),
        ("A='a\nb'", "a\nb"),
        ('A="a\nb"', "a\nb"),
        ('A="a\\nb"', "a\nb"),
        ("A='a\\nb'", "a\\nb"),
        ('A="say \\"x\\" for \\$5 \\\\ \\d"', 'say "x" for $5 \\ \\d'),
        ("A=it's", "it's"),
        ("A=$B", "$B"),
        ("A=a=b", "a=b"),
        ("A=caffè", "caffè"),
        ("\ufeffA=x", "x"),
        ("A=x\r\n", "x"),
        ("# comment\n\n  # more\nA=x\n\n", "x"),
    ],
)
def test_a_value_is_what_the_file_says(text: str, value: str) -> None:
    assert parsed(text) == {"A": value}


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("A=1\nnonsense\n", "2: is not NAME=value"),
        ("A=1\n\n1X=2\n", "3: is not NAME=value"),
        ("A =1", "1: is not NAME=value"),
        ("A=1\nB=2\nA=3\n", "3: A stands in line 1 already"),
        ("A='x", "1: the quotes of A's value don't end, or more follows them"),
        ("B='\n\n'\nA='x' y", "4: the quotes of A's value don't end, or more follows them"),
    ],
)
def test_a_line_that_is_none_is_reported(text: str, reported: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parsed(text)
    assert [str(each) for each in caught.value.problems] == [f"deploy/secrets.env:{reported}"]


def test_every_line_that_is_none_is_reported(tmp_path: Path, deployment: Deployment) -> None:
    keep(tmp_path, "one\nDSN=x\ntwo\n")
    found = secret.read(tmp_path, deployment, {"DSN": "x", "KEY": "y"})
    assert [fault.line for fault in found.problems] == [1, 3]
    with pytest.raises(DefinitionError, match=":2: not UTF-8 at byte 6"):
        secret.parse(b"A=1\nB=\xe9\n")


def test_a_value_that_no_process_can_have_is_reported_without_it(
    tmp_path: Path, deployment: Deployment
) -> None:
    found = secret.read(tmp_path, deployment, {"DSN": "swordfish" * 20_000, "KEY": "a\0b"})
    assert [fault.line for fault in found.problems] == [4, 5]
    assert "DSN" in found.problems[0].text and "swordfish" not in found.problems[0].text
    assert not found
