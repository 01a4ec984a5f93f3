"""No text that was found or given becomes another line of TOML, an option, or a way out."""

import tomllib
from pathlib import Path

import pytest

from bootstrapper.deploy.definition.schema import InvalidValue
from bootstrapper.deploy.definition.toml_value import toml_string
from tests.deploy.init.conftest import content, init, production, run, write

NASTY = [
    'a"\nREMOTE_HOST = "evil',
    "a'''\"\"\"",
    "\\",
    "\\u0041",
    "a\\",
    "\x1b]0;x\x07\x7f\x85\u202e\u2028\ufeff",
    "\t\r\n",
    "# no comment",
    "[deployments.evil]",
    "ünï\U0001f600",
    "-rf",
    "$(touch pwned)`touch pwned`",
]


@pytest.mark.parametrize("text", [*NASTY, "".join(map(chr, range(1, 0x3000))), "\U000e0001"])
def test_toml_string_is_one_printable_line_that_is_read_as_the_text(text: str) -> None:
    written = toml_string(text)
    assert written.isprintable()
    assert tomllib.loads(f"name = {written}\n") == {"name": text}


@pytest.mark.parametrize("text", ["a\0", "\udcff", "\ud800"])
def test_toml_string_refuses_what_no_file_can_hold(text: str) -> None:
    with pytest.raises(InvalidValue):
        toml_string(text)


@pytest.mark.parametrize("text", NASTY)
def test_command_of_any_text_is_written_as_it_is(text: str, project: Path) -> None:
    write(project, {"mkdocs.yml": "", "data/x": ""})
    values = [f"SITE_COMMAND={text}", "REMOTE_HOST=app1", "SMOKE_URL=http://app1/"]
    printed = init(project, *(word for value in values for word in ("--set", value)))
    assert printed.replace("\n", "").isprintable()
    settings = production(project).environment
    assert settings["SITE_COMMAND"] == text
    assert settings["REMOTE_HOST"] == "app1"
    done = run(project, "deploy", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not list(project.rglob("pwned"))


REFUSED = {
    "REPOSITORY": [
        "-x",
        "--upload-pack=touch pwned",
        "ext::sh -c x",
        "https://anna:s3cr3t@git.example.org/x.git",
        "https://s3cr3t@git.example.org/x.git",
        "ssh://-oProxyCommand=x/y",
        "ftp://example.org/x",
        "a\nb",
        " a",
    ],
    "branch": ["-x", "a b", "a..b", "a:b", "refs/heads/", "x\n"],
    "REMOTE_HOST": ["-oProxyCommand=x", "a b", "a;b", "a:22", "anna@-x", "a\nb", "$(x)"],
    "REMOTE_DIRECTORY": ["-x", "shop", "/", "//", "/a/../b", "/a\nb", "~/shop"],
    "SHARED_PATHS": ["../x", "/etc", "-x", "a a/b", "backups", "."],
    "SMOKE_URL": [
        "file:///etc/passwd",
        "-x",
        "https://",
        "https://anna:s3cr3t@x/",
        "x",
        "http://[/",
    ],
    "SITE_DIRECTORY": ["/etc", "../x", "-x", "a/../../x", "a\nb", "\x1b"],
    "KEEP_BACKUPS": ["-1", "some"],
    "OUTPUT_LIMIT": ["1"],
    "RELEASE": ["1"],
    "PATH": ["/evil"],
    "REMOTE_HOSTS": ["a b"],
    "NOWHERE_READ": ["x"],
    "NOTIFY_URL": ["https://chat.example.org/hooks/s3cr3t"],  # a secret, and no stage's
    "bad name": ["x"],
    "": ["x"],
}


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in REFUSED.items() for v in values]
)
def test_value_that_no_push_could_use_is_refused(name: str, value: str, project: Path) -> None:
    write(project, {"mkdocs.yml": ""})
    before = content(project)
    printed = init(project, "--set", f"{name}={value}", status=2)
    assert f"bootstrapper: --set {name}: " in printed
    assert "  next: " in printed
    assert "s3cr3t" not in printed.partition("  next: ")[0]
    assert content(project) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("WAR", "../x.war"), ("WAR_NAME", "x.zip"), ("WAR_NAME", "-x.war"), ("WEBAPPS", "webapps")],
)
def test_java_value_that_no_push_could_use_is_refused(name: str, value: str, project: Path) -> None:
    write(project, {"pom.xml": ""})
    init(project, "--set", f"{name}={value}", status=2)
    assert not (project / "deploy").exists()


def test_unit_that_is_an_option_is_refused(project: Path) -> None:
    write(project, {"cpanfile": ""})
    init(project, "--set", "SYSTEMD_UNITS=shop --now", status=2)


def test_misspelt_setting_is_refused_with_the_right_name(project: Path) -> None:
    write(project, {"cpanfile": ""})
    assert 'did you mean "REMOTE_HOST"?' in init(project, "--set", "REMOTE_HOTS=a", status=2)
    assert "is not NAME=VALUE" in init(project, "--set", "REMOTE_HOST", status=2)


def test_bytes_that_are_not_utf_8_are_refused(project: Path) -> None:
    write(project, {"mkdocs.yml": ""})
    assert "it is not UTF-8" in init(project, "--set", "SITE_COMMAND=\udcff", status=2)


HOSTILE_FILES = [
    {"mkdocs.yml": "site_dir: '-rf'\nsite_url: \"javascript:x\"\n"},
    {"mkdocs.yml": "site_dir: /etc\nsite_url: https://a:b@c/\n"},
    {"_config.yml": 'destination: "a\\"b"\nurl: "http://x y/"\n'},
    {"package.json": "[" * 100_000},
    {"package.json": '{"scripts": ["build"], "dependencies": 3}'},
    {"composer.json": '{"require": [], "extra": {"drupal-scaffold": {"locations": "x"}}}'},
    {
        "composer.json": '{"require": {"drupal/core": "*"}, "extra": {"drupal-scaffold": '
        '{"locations": {"web-root": "../../etc\\n"}}}}'
    },
    {"index.html": "", "CNAME": '"\nREMOTE_HOST = "x'},
    {"pom.xml": "<project><packaging>war</packaging><artifactId>-x\n</artifactId>"
    "<version>1\"\n</version></project>"},
    {"Makefile": "\0\xff", "cpanfile": "", ".gitignore": "\0\n"},
]  # fmt: skip


@pytest.mark.parametrize("files", HOSTILE_FILES, ids=range(len(HOSTILE_FILES)))
def test_hostile_file_of_a_project_gives_a_sound_definition(
    files: dict[str, str], project: Path
) -> None:
    write(project, files)
    init(project, "--set", "REMOTE_HOST=app1")
    done = run(project, "deploy", "--dry-run")
    problems = done.stderr.count("which is empty")
    assert done.returncode == (2 if problems else 0)
    assert "problem" not in done.stderr or f": {problems} problems" in done.stderr


@pytest.mark.parametrize("name", ["-x", 'a"b', "a\nb", "\x1b[2J", "...", "ünï", "a b"])
def test_directory_of_any_name_gives_a_remote_directory(name: str, tmp_path: Path) -> None:
    directory = tmp_path / name
    write(directory, {"cpanfile": ""})
    printed = init(directory)
    assert printed.replace("\n", "").isprintable()
    remote = production(directory).environment["REMOTE_DIRECTORY"]
    assert remote.removeprefix("/var/www/").replace("-", "").isalnum()


def test_pipe_instead_of_a_file_is_not_waited_for(project: Path) -> None:
    import os

    write(project, {"cpanfile": ""})
    for name in ("Makefile", "package.json", "mkdocs.yml"):
        os.mkfifo(project / name)
    init(project)
