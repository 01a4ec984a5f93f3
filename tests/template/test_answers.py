"""The pre_gen_project hook refuses answers that would make a broken project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cookiecutter.exceptions import FailedHookException

from tests.conftest import REPOSITORY
from tests.support.rendering import TEMPLATE, render
from vendor_fetch.index.index import configured_index
from vendor_fetch.index.uv import find_uv

IDENTIFIER = "must begin with a letter and hold lower-case letters, digits and underscores"
STDLIB = "is a module of Python's standard library"
OWN = "is a name that the project itself uses"
VENDORED = "is a module of a vendored package"
LINE = "must be one line without control characters"
HOST = "must be a host name in lower case, such as www.example.org or intranet"
REFUSED = [
    ("project_slug", "My-Site", IDENTIFIER),
    ("project_slug", "1site", IDENTIFIER),
    ("project_slug", "_site", IDENTIFIER),
    ("project_slug", "my site", IDENTIFIER),
    ("project_slug", "a" * 41, IDENTIFIER),
    ("project_slug", "école", IDENTIFIER),
    ("project_slug", "class", "is a word of the Python language"),
    ("project_slug", "json", STDLIB),
    ("project_slug", "test", OWN),
    ("project_slug", "django", VENDORED),
    ("project_slug", "whitenoise", VENDORED),
    ("project_slug", "csp", VENDORED),
    ("project_slug", "psycopg", VENDORED),
    ("project_slug", "main", OWN),
    ("project_slug", "static", OWN),
    ("project_slug", "ve", OWN),
    ("project_name", " ", "must not be empty"),
    ("project_name", "two\nlines", LINE),
    ("project_name", "a bell\a", LINE),
    ("project_name", "a line\u2028separator", LINE),
    ("project_name", "x" * 81, "must be at most 80 characters long"),
    ("description", "a\ttab", LINE),
    ("author", "", "must not be empty"),
    ("domain", "https://www.example.org", HOST),
    ("domain", "www.example.org:8080", HOST),
    ("domain", "-example.org", HOST),
    ("domain", "example..org", HOST),
    ("domain", "192.0.2.1", HOST),
    ("email", "nobody", "must be one e-mail address"),
    ("email", "a@b@example.org", "must be one e-mail address"),
    ("email", "${HOME}@example.org", "must be one e-mail address"),
    ("server_root", "var/www", "must be an absolute path"),
    ("server_root", "/var/www/", "must be an absolute path"),
    ("server_root", "/var/my www", "must be an absolute path"),
    ("server_root", "/var/../etc", "must be an absolute path"),
    ("server_root", "/var/${HOME}", "must be an absolute path"),
    ("deploy_user", "Deploy", "must be a Unix login"),
    ("deploy_user", "a b", "must be a Unix login"),
    ("timezone", "Mars/Olympus", "must be an IANA time zone"),
    ("timezone", "/etc/localtime", "must be an IANA time zone"),
    ("timezone", "../UTC", "must be an IANA time zone"),
]


@pytest.mark.parametrize(("variable", "answer", "fault"), REFUSED)
def test_refused_answer_names_the_rule(tmp_path, capfd, variable, answer, fault):
    answers = {"project_slug": "good_slug", variable: answer}
    with pytest.raises(FailedHookException):
        render(tmp_path, hooks=True, **answers)
    message = capfd.readouterr().err
    assert message.startswith(f"{variable}: {answer!r} {fault}")
    assert f"\n  next: cookiecutter {TEMPLATE} " in message
    assert f"{variable}=" in message.splitlines()[-1]
    assert "Traceback" not in message
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")] == []


def test_cookiecutter_refuses_other_choices(tmp_path):
    for variable in ("python_version", "database", "vendor_format"):
        with pytest.raises(ValueError, match=f"choice variable {variable}"):
            render(tmp_path, **{variable: "other"})


def test_relative_path_of_the_template(tmp_path):
    command = [sys.executable, "-m", "cookiecutter", ".", "--no-input", "-o", str(tmp_path)]
    run = subprocess.run(
        [*command, "project_slug=whitenoise"],
        cwd=TEMPLATE,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PWD": "/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert f"'whitenoise' {VENDORED}" in run.stderr


def run_cookiecutter(
    version: str, directory: Path, *words: str | Path
) -> "subprocess.CompletedProcess[str]":
    """Run a version of cookiecutter, with its two output streams in one, as in a terminal."""
    return subprocess.run(
        [
            find_uv(),
            "tool",
            "run",
            "--no-config",
            "--python",
            sys.executable,
            "--with",
            "setuptools<81",
            "--from",
            f"cookiecutter=={version}",
            "cookiecutter",
            "-o",
            directory,
            REPOSITORY,
            *words,
        ],
        env={**os.environ, **configured_index(directory).environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", ["2.6.0", "2.7.1"])
def test_error_message_is_the_last_output(version: str, tmp_path: Path) -> None:
    done = run_cookiecutter(
        version, tmp_path / "out", "--no-input", "project_slug=json", "timezone=Mars"
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stdout
    *_, slug, timezone, command = done.stdout.splitlines()
    assert slug.startswith("project_slug: 'json' is a module of Python's standard library")
    assert timezone.startswith("timezone: 'Mars' must be an IANA time zone")
    assert command.startswith("  next: ")
    assert command.endswith(" project_slug=json_site timezone=UTC")
    assert not list((tmp_path / "out").iterdir())


def test_verbose_output_has_the_traceback(tmp_path: Path) -> None:
    done = run_cookiecutter("2.7.1", tmp_path, "--no-input", "--verbose", "project_slug=json")
    assert "Traceback" in done.stdout


def test_next_command_can_be_pasted(tmp_path: Path) -> None:
    cookiecutter = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", tmp_path / "a b"]
    words = ["project_slug=Odd Name", "domain=-", "author=", "timezone=Mars", "deploy_user=A"]
    done = subprocess.run(
        [*cookiecutter, TEMPLATE, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    command = done.stderr.splitlines()[-1].removeprefix("  next: ")
    pasted = subprocess.run(
        f"{command} --accept-hooks no", shell=True, capture_output=True, text=True, check=False
    )
    assert pasted.returncode == 0, pasted.stderr
    readme = (tmp_path / "a b/odd_name/README.md").read_text()
    assert "odd-name.example.org" in readme
    again = subprocess.run(
        [*cookiecutter, TEMPLATE, "project_slug=json"], capture_output=True, text=True, check=False
    )
    assert again.stderr.count("\n") == 2  # one fault, although two defaults come from the answer


@pytest.mark.parametrize("version", ["1.7.3", "2.5.0"])
def test_older_cookiecutter_names_the_needed_version(version: str, tmp_path: Path) -> None:
    done = run_cookiecutter(version, tmp_path)
    assert done.returncode == 1
    assert (
        'This template needs cookiecutter 2.6 or later. next: pipx install "cookiecutter>=2.6"'
        in done.stdout
    )
    assert "Traceback" not in done.stdout
    assert not list(tmp_path.iterdir())
