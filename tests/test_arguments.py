"""A wrong command line gets a suggestion and a command that can be pasted."""

import subprocess
import sys
from pathlib import Path

import pytest

from bootstrapper.arguments import CommandParser

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def parser() -> CommandParser:
    parser = CommandParser(prog="tool", allow_abbrev=False)
    parser.add_argument("--project")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    deploy = commands.add_parser("deploy", allow_abbrev=False)
    deploy.add_argument("-m", "--comment", help="a text; not an option: --coment")
    deploy.add_argument("--yes", action="store_true")
    deploy.add_argument("--mode", choices=("auto", "copy"))
    commands.add_parser("check", allow_abbrev=False)
    store = commands.add_parser("store", allow_abbrev=False)
    info = store.add_subparsers(metavar="COMMAND").add_parser("info", allow_abbrev=False)
    info.add_argument("-v", action="store_true")
    return parser


@pytest.mark.parametrize(
    ("words", "fault", "command"),
    [
        (
            ["deplyo", "-m", "it's"],
            'tool: "deplyo" is not a command; did you mean "deploy"?',
            """tool deploy -m 'it'"'"'s'""",
        ),
        (
            ["--project", "a b", "chek"],
            'tool: "chek" is not a command; did you mean "check"?',
            "tool --project 'a b' check",
        ),
        (["xyz"], 'tool: "xyz" is not a command', "tool --help"),
        (
            ["deploy", "--coment=x"],
            'tool deploy: "--coment" is not an option of this command; did you mean "--comment"?',
            "tool deploy --comment=x",
        ),
        (
            ["deploy", "--coment", "x"],
            'tool deploy: "--coment" is not an option of this command; did you mean "--comment"?',
            "tool deploy --comment x",
        ),
        (
            ["deploy", "--mesage", "x"],
            'tool deploy: "--mesage" is not an option of this command',
            "tool deploy --help",
        ),
        (
            ["check", "all"],
            'tool check: "all" is not an argument of this command',
            "tool check --help",
        ),
        (
            ["deploy", "--mode", "cop"],
            'tool deploy: --mode: "cop" is none of auto, copy; did you mean "copy"?',
            "tool deploy --mode copy",
        ),
        ([], "tool: the following arguments are required: COMMAND", "tool --help"),
        (["--yes", "deploy"], "tool: --yes goes after the command", "tool deploy --yes"),
        (
            ["-m", "check", "deploy", "--yes"],
            "tool: -m goes after the command",
            "tool deploy -m check --yes",
        ),
        (
            ["--comment=it is", "-mx", "deploy"],
            "tool: --comment goes after the command",
            "tool deploy '--comment=it is' -mx",
        ),
        (["-v", "store", "info"], "tool: -v goes after the command", "tool store info -v"),
        (["store", "-v", "info"], "tool store: -v goes after the command", "tool store info -v"),
        (["-v", "store"], 'tool: "-v" is not an option of this command', "tool --help"),
        (["-m", "deploy"], 'tool: "-m" is not an option of this command', "tool --help"),
        (
            ["--version"],
            'tool: "--version" is not an option of this command',
            "tool --help",
        ),
    ],
)
def test_error_names_the_word_and_the_next_command(
    words: list[str],
    fault: str,
    command: str,
    parser: CommandParser,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{fault}\n  next: {command}\n"


@pytest.mark.parametrize(
    ("program", "word", "right"),
    [("bootstrapper", "stauts", "status"), ("vendor_fetch", "snyc", "sync")],
)
def test_programs_suggest_a_command(program: str, word: str, right: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", program, word],
        text=True,
        check=False,
        capture_output=True,
        timeout=60,
        cwd=REPOSITORY,
    )
    assert run.returncode == 2
    assert f'"{word}" is not a command; did you mean "{right}"?\n  next: ' in run.stderr
    assert run.stderr.endswith(f" -m {program} {right}\n")
