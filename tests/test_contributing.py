"""CONTRIBUTING.md, followed by a newcomer: in a fresh clone, with an empty home directory."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bootstrapper.cache_home import cache_home
from tests.conftest import REPOSITORY
from tests.support.markdown import blocks
from tests.support.processes import ENDS_WITH_US, kill_session
from tests.support.ssh_server import SSHD

PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"(make|cd|\./\w|\.tools/bin/)")
# These run whole suites. The test of Make's targets covers them.
NOT_RUN = ("make check", "make test")
# Requesting every address as every user takes two minutes. The rest of the module takes a second.
MATRIX = "./manage.py test main.tests.test_matrix"
SERVER = "./manage.py rolf"


def test_contributing_names_tasks_of_the_makefile() -> None:
    tasks = set(re.findall(r"(?:^    |`)(make\b[^`\n#]*)", PAGE, re.MULTILINE))
    assert tasks > {*NOT_RUN, "make tools", "make demo ONCE=1"}
    for task in tasks:
        run = subprocess.run(
            [*shlex.split(task), "--dry-run"], cwd=REPOSITORY, capture_output=True, text=True
        )
        assert run.returncode == 0, f"{task}: {run.stderr}"


def test_contributing_names_files_that_exist() -> None:
    created = set(re.findall(r"[Cc]reate (?:[a-z, ]+)?`(.*?)`", PAGE))
    named = set(re.findall(r"`((?:\.?[\w<>.-]+/)+(?:[\w-]+\.\w+)?|\.ci/run)`", PAGE)) - created
    assert len(created) == 4 and len(named) > 25
    packages = ("", "bootstrapper", "rolf", "<<cookiecutter.project_slug>>")
    for name in named - {".tools/", "ve/"}:
        assert any((REPOSITORY / each / name).exists() for each in packages), name


@pytest.mark.needs(SSHD, "git", "make")
def test_contributing_works_as_it_is_written(tmp_path: Path) -> None:
    clone = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", REPOSITORY, clone], check=True)
    lend_tools(clone)
    environment = environment_of_newcomer(tmp_path / "home")
    for section in re.split("^## ", PAGE, flags=re.MULTILINE)[1:]:
        directory = clone
        for block in blocks(section):
            named = re.findall(r"to `([A-Z]\w+)` in `(.*?)`", block.above)
            for name, path in named:
                add_to_list(clone / path, name, '    "write-version",\n')
            if COMMAND.match(block.text):
                directory = follow(block.text, directory, environment)
            else:
                edit(clone, block.above, block.text)
    # `make check` begins with this. Editors sort the imports of a module.
    follow(".tools/bin/ruff check --fix --quiet --select I rolf\nmake lint", clone, environment)


def lend_tools(clone: Path) -> None:
    """Give a clone the environment that runs this test, as hard links.

    `make tools` then has nothing to do: it would need a minute and a package index, and `.ci/run`
    begins with it.
    """

    def link(source: str, destination: str) -> None:
        try:
            os.link(source, destination)
        except OSError:  # another file system
            shutil.copy2(source, destination)

    tools = clone / ".tools"
    shutil.copytree(sys.prefix, tools, symlinks=True, copy_function=link)
    packages = next((tools / "lib").glob("python*/site-packages"))
    for path in [*(tools / "bin").iterdir(), *packages.glob("__editable__*")]:
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        moved = content.replace(os.fsencode(sys.prefix), os.fsencode(tools))
        moved = moved.replace(os.fsencode(REPOSITORY), os.fsencode(clone))
        if b"\0" not in content and moved != content:
            mode = path.stat().st_mode
            path.unlink()
            path.write_bytes(moved)
            path.chmod(mode)
    (tools / "complete").touch()


def environment_of_newcomer(home: Path) -> dict[str, str]:
    """Return an environment with an empty home, and nothing of the run of tests around this one."""
    home.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PYTEST_", "XDG_"))
    }
    # The user's cache spares `make rolf` a download of 30 MB.
    cache = cache_home()
    assert cache
    # python3 is the one that .tools was made with: a version manager's would look in the home.
    path = f"{sys.base_prefix}/bin:{os.environ['PATH']}"
    return environment | {"HOME": str(home), "XDG_CACHE_HOME": str(cache), "PATH": path}


def add_to_list(path: Path, name: str, line: str, *, alphabetical: bool = True) -> None:
    """Add a line to a list in a module."""
    before, start, rest = path.read_text().partition(f"\n{name} = [\n")
    assert start, f"{path} has no {name}"
    items, end, after = rest.partition("\n]")
    lines = [*items.splitlines(keepends=True)]
    lines[-1] += "\n"
    lines.append(line)
    body = "".join(sorted(lines) if alphabetical else lines)
    path.write_text(before + start + body.rstrip("\n") + end + after)


def edit(clone: Path, above: str, text: str) -> None:
    """Change a file as the paragraph above the block says."""
    if found := re.search(r"[Cc]reate (?:[a-z, ]+)?`(.*?)`", above):
        (clone / found[1]).write_text(text)
    elif found := re.search(r"to `urlpatterns` in `(.*?)`", above):
        add_to_list(clone / found[1], "urlpatterns", f"    {text}", alphabetical=False)
    else:
        [path] = re.findall(r"add a view to `(.*?)`", above)
        imports, _, view = text.partition("\n\n")
        docstring, _, rest = (clone / path).read_text().partition("\n\n")
        (clone / path).write_text(f"{docstring}\n\n{imports}\n{rest}\n\n{view}")


def follow(commands: str, directory: Path, environment: dict[str, str]) -> Path:
    """Run the commands, and return the directory in which they leave the shell."""
    for command in commands.splitlines():
        if command.startswith("cd "):
            directory /= command[3:]
            assert directory.is_dir(), command
        elif command == SERVER:
            look_at_the_page(directory, environment)
        elif command not in NOT_RUN:
            shorter = command.replace(MATRIX, f"{MATRIX}.Declared")
            run = subprocess.run(
                [*ENDS_WITH_US, "bash", "-c", shorter],
                cwd=directory,
                env=environment,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert run.returncode == 0, f"{command}\n{run.stdout[-5000:]}"
    return directory


def look_at_the_page(directory: Path, environment: dict[str, str]) -> None:
    """Run Rolf, and request the new page; it leads to the form for signing in."""
    process = subprocess.Popen(
        # Another program may have the port that is Rolf's default.
        [*ENDS_WITH_US, *SERVER.split(), "--port", "0"],
        cwd=directory,
        env=environment,
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout
    try:
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("data "):
                break
        [address] = re.findall(r"^address +(http\S+)$", printed, re.MULTILINE)
        with urllib.request.urlopen(f"{address}failures/", timeout=60) as page:
            assert page.url == f"{address}sign-in/?next=/failures/"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(60) == 0
    finally:
        kill_session(process.pid)
        process.wait()
        process.stdout.close()
