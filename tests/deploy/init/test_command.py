"""init prints the whole difference, asks, and writes two files; a second one changes nothing."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.init.conftest import ORIGIN, content, init, production, run, stages, write
from tests.support.repository import git

FILE = "deploy/deployments.toml"
IGNORED = "\n# The journal of pushes, and the values of secret settings.\n/.deploy/\n/deploy/secrets.env\n"


@pytest.fixture
def perl(project: Path) -> Path:
    write(project, {"cpanfile": "", "cpanfile.snapshot": "", ".gitignore": "/local/\n"})
    return project


def test_without_a_yes_the_difference_is_printed_and_nothing_changes(perl: Path) -> None:
    before = content(perl)
    done = run(perl, "init")
    assert done.returncode == 2
    assert "+/deploy/secrets.env\n" in done.stdout
    assert '+    "rsync-release", "perl-carton",\n' in done.stdout
    assert "has no terminal to ask at" in done.stderr
    command = done.stderr.partition("next: ")[2]
    assert content(perl) == before
    subprocess.run(["bash", "-c", command], cwd=perl, check=True, capture_output=True)
    assert stages(perl)


def test_dry_run_prints_what_yes_writes_and_changes_nothing(perl: Path) -> None:
    before = content(perl)
    printed = run(perl, "init", "--dry-run").stdout
    assert content(perl) == before
    init(perl)
    written = (perl / FILE).read_text()
    added = printed.partition(f"+++ {FILE}\n")[2]
    lines = [line[1:] for line in added.splitlines() if line.startswith("+")]
    assert lines == written.splitlines()


def test_two_files_change_and_no_other(perl: Path) -> None:
    before = content(perl)
    (perl / ".gitignore").chmod(0o640)
    init(perl)
    after = content(perl)
    own = {".deploy", ".deploy/.gitignore", ".deploy/init", ".deploy/init/record.json"}
    assert set(after) - set(before) - own == {"deploy", FILE}
    assert git(perl, "status", "--porcelain", "-uall").count(".deploy") == 0
    assert after[".gitignore"] == before[".gitignore"] + IGNORED.encode()
    assert (perl / ".gitignore").stat().st_mode & 0o777 == 0o640
    assert {name for name in before if before[name] != after[name]} == {".gitignore"}
    assert re.search(r"^#\w+ = \{ secret = true \}$", (perl / FILE).read_text(), re.MULTILINE)


def test_second_init_changes_nothing_and_says_so(perl: Path) -> None:
    init(perl, "--set", "REMOTE_HOST=app1")
    after = content(perl)
    printed = init(perl, "--set", "REMOTE_HOST=app2")
    assert printed == f"Nothing to do: {FILE} is there\n"
    assert content(perl) == after


@pytest.mark.parametrize("kind", ["file", "broken link", "directory"])
def test_existing_deployments_toml_is_never_touched(kind: str, perl: Path) -> None:
    (perl / "deploy").mkdir()
    if kind == "file":
        (perl / FILE).write_text("mine")
    elif kind == "directory":
        (perl / FILE).mkdir()
    else:
        (perl / FILE).symlink_to("nowhere")
    before = content(perl)
    assert "Nothing to do" in init(perl)
    assert content(perl) == before
    assert os.readlink(perl / FILE) == "nowhere" if kind == "broken link" else True


def test_deploy_directory_of_another_kind_stays_and_gets_the_file(perl: Path) -> None:
    write(perl, {"deploy/notes.txt": "mine"})
    init(perl)
    assert (perl / "deploy/notes.txt").read_text() == "mine"
    assert stages(perl)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_deploy_that_is_no_directory_is_refused(kind: str, perl: Path, tmp_path: Path) -> None:
    if kind == "file":
        (perl / "deploy").write_text("#!/bin/sh\n")
    else:
        (perl / "deploy").symlink_to(tmp_path)
    before = content(perl)
    assert "deploy: is no directory" in init(perl, status=2)
    assert content(perl) == before


def test_gitignore_that_is_a_link_is_refused(perl: Path, tmp_path: Path) -> None:
    (perl / ".gitignore").unlink()
    (tmp_path / "others").write_text("theirs\n")
    (perl / ".gitignore").symlink_to(tmp_path / "others")
    assert ".gitignore: is no regular file" in init(perl, status=2)
    assert (tmp_path / "others").read_text() == "theirs\n"
    assert not (perl / "deploy").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", IGNORED.encode()[1:]),
        (b"a", b"a\n" + IGNORED.encode()),
        (b"a\r\n", b"a\r\n" + IGNORED.encode().replace(b"\n", b"\r\n")),
        (b".deploy\ndeploy/secrets.env\n", b".deploy\ndeploy/secrets.env\n"),
        (b"\xff\n", b"\xff\n" + IGNORED.encode()),
    ],
)
def test_gitignore_keeps_its_bytes_and_gets_what_it_lacks(
    before: bytes, after: bytes, perl: Path
) -> None:
    (perl / ".gitignore").write_bytes(before)
    init(perl)
    assert (perl / ".gitignore").read_bytes() == after


def test_git_ignores_the_journal_and_the_secrets_afterwards(perl: Path) -> None:
    init(perl)
    write(perl, {".deploy/pushes/1/x": "", "deploy/secrets.env": ""})
    git(perl, "add", "-A")
    assert git(perl, "ls-files").split() == [".gitignore", "cpanfile", "cpanfile.snapshot", FILE]


def test_command_creates_the_shared_files_of_the_server(perl: Path, tmp_path: Path) -> None:
    live = tmp_path / "it's live"
    values = ["REMOTE_HOST=.", f"REMOTE_DIRECTORY={live}", "SHARED_PATHS=log/ .env config/x.yml"]
    printed = init(perl, *(word for value in values for word in ("--set", value)))
    command = printed.splitlines()[-1].strip().replace(" && vi ", " && touch ")
    subprocess.run(["bash", "-ec", command], check=True)
    assert sorted(path.name for path in live.rglob("*")) == [".env", "config", "shared", "x.yml"]
    shown = init(perl, "--undo")
    assert shown == "every file is as it was before init\n"
    printed = init(perl, "--set", "REMOTE_HOST=anna@app1", *("--set", values[2]))
    assert printed.splitlines()[-1].lstrip().startswith("ssh -t anna@app1 'mkdir -p /var/www/shop/")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://anna:s3cr3t@git.example.org/shop.git", "https://git.example.org/shop.git"),
        (
            "https://ghp_s3cr3t@git.example.org:8443/shop.git",
            "https://git.example.org:8443/shop.git",
        ),
        ("ssh://git:s3cr3t@git.example.org/shop.git", "ssh://git@git.example.org/shop.git"),
        ("https://anna:s3/cr3t@git.example.org/shop.git", "https://git.example.org/shop.git"),
        ("https://git.example.org/shop.git?token=s3cr3t", ""),
        ("ext::sh -c s3cr3t", ""),
        ("../shop.git", "{parent}/shop.git"),
    ],
)
def test_repository_has_no_password_of_the_origin(address: str, found: str, perl: Path) -> None:
    git(perl, "remote", "set-url", "origin", address)
    printed = init(perl)
    assert "s3" not in printed + (perl / FILE).read_text()
    repository = production(perl).environment["REPOSITORY"]
    assert repository == found.format(parent=perl.parent)
    if address != repository and "@" in address:
        assert "password" in printed


def test_branch_is_the_default_of_the_origin(perl: Path) -> None:
    git(perl, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release/2")
    init(perl)
    assert production(perl).branch == "release/2"


def test_directory_without_git_leaves_the_repository_empty(tmp_path: Path) -> None:
    directory = tmp_path / "it's $HOME"
    write(directory, {"cpanfile": ""})
    printed = init(directory)
    assert "git knows no checkout here, so REPOSITORY is not known" in printed
    assert "left empty, and a push needs them: REPOSITORY, REMOTE_HOST, SMOKE_URL" in printed
    assert production(directory).environment["REMOTE_DIRECTORY"] == "/var/www/it-s-HOME"


def test_next_commands_work_from_another_directory(perl: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "init", "--yes", "--project", "shop")
    assert done.returncode == 0, done.stderr
    _, dry, commit = done.stdout.partition("next: ")[2].splitlines()
    shown = subprocess.run(["bash", "-c", dry], cwd=tmp_path, capture_output=True, text=True)
    fault = 'the stage "rsync-release" and 3 others need the setting REMOTE_HOST, which is empty'
    assert fault in shown.stderr
    commit = commit.replace("git commit", "git -c user.name=a -c user.email=a commit -q")
    subprocess.run(["bash", "-c", commit], cwd=tmp_path, check=True)
    assert git(perl, "ls-files").split() == [".gitignore", FILE]


def test_missing_definition_is_pointed_to_init(perl: Path) -> None:
    done = run(perl, "deploy")
    assert done.returncode == 2
    assert " -m bootstrapper init" in done.stderr.partition("next: ")[2]


def answered(directory: Path, answers: str, *words: str) -> tuple[int, str]:
    """Run init on a terminal at which somebody types; return its status and what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execv(sys.executable, [sys.executable, "-m", "bootstrapper", "init", *words])
    os.write(terminal, answers.encode())
    shown = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def test_terminal_asks_for_what_is_not_set(perl: Path) -> None:
    answers = [
        *("", "", "-oProxyCommand=x", "deploy@app1", "", "/opt/carton", "log/ .env", "-"),
        *("https://shop.example/", "y"),
    ]
    status, shown = answered(perl, "".join(f"{line}\n" for line in answers))
    assert status == 0, shown
    assert f"REPOSITORY [{ORIGIN}]: " in shown
    assert '"-oProxyCommand=x" is no host' in shown
    settings = production(perl).environment
    assert settings["REMOTE_HOST"] == "deploy@app1"
    assert settings["CARTON"] == "/opt/carton"
    assert settings["SHARED_PATHS"] == "log/ .env"
    assert "create on the server before the first push: shared/.env" in shown
    assert "SYSTEMD_UNITS" not in settings


def test_terminal_asks_which_stack(perl: Path) -> None:
    write(perl, {"mkdocs.yml": ""})
    values = ("--set", "REMOTE_HOST=a", "--set", "SMOKE_URL=http://a/")
    status, shown = answered(perl, "ruby\nstatic\n" + "\n" * 6 + "yes\n", *values)
    assert status == 0, shown
    assert "it is one of perl, static" in shown
    assert "static-site" in stages(perl)


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_terminal_that_does_not_say_yes_changes_nothing(answer: str, perl: Path) -> None:
    before = content(perl)
    status, shown = answered(perl, "\n" * 8 + answer)
    assert status == (2 if answer == "\x04" else 1), shown
    assert "nothing was changed" in shown
    assert content(perl) == before


def test_quiet_init_prints_only_errors(perl: Path) -> None:
    assert init(perl, "-q") == ""
    assert stages(perl)
