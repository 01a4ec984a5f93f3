"""The neighbours' recipes with the real programs: a push, one that breaks, and a rollback."""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.perl import SNAPSHOT, perl_distribution
from tests.support.shop import HERE, Shop, open_shop

FETCH = ("clear-checkout", "git-clone", "git-tag", "rsync-release")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def push(shop: Shop, page: str, *, status: int = 0) -> str:
    """Commit and deploy; returns what the push printed."""
    shop.commit(page)
    return run(shop, "deploy", status=status)


def run(shop: Shop, *words: str, status: int = 0) -> str:
    """Run a command line, which must end with that status."""
    done = shop.run(*words)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def output(shop: Shop, *command: str) -> str:
    """What a program of the live release prints."""
    return subprocess.run(
        command, cwd=shop.live / "current", capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.needs("composer", "php")
def test_composer_application_goes_live_breaks_and_returns(shop: Shop) -> None:
    def package(greeting: str, require: str = "php") -> None:
        write(
            shop.project / "packages/greeting/Greeting.php",
            f'<?php\nclass Greeting {{ static function text() {{ return "{greeting}"; }} }}\n',
        )
        write(
            shop.project / "packages/greeting/composer.json",
            json.dumps(
                {
                    "name": "shop/greeting",
                    "version": "1.0.0",
                    "require": {require: "*"},
                    "autoload": {"classmap": ["Greeting.php"]},
                }
            ),
        )
        write(
            shop.project / "composer.json",
            json.dumps(
                {
                    "name": "shop/shop",
                    "require": {"shop/greeting": "*"},
                    "repositories": [
                        {"type": "path", "url": "packages/greeting", "options": {"symlink": False}},
                        {"packagist.org": False},
                    ],
                }
            ),
        )
        subprocess.run(
            [
                "composer",
                "update",
                "--no-install",
                "--no-interaction",
                "--quiet",
                "--ignore-platform-reqs",
            ],
            cwd=shop.project,
            check=True,
        )

    def greeting() -> str:
        return output(shop, "php", "index.php")

    write(
        shop.project / "index.php",
        '<?php require __DIR__ . "/vendor/autoload.php"; echo Greeting::text();',
    )
    write(shop.project / ".gitignore", "vendor/\n.deploy/\n")
    shop.define(stages=[*FETCH, "php-composer", "activate-release"], settings=HERE)
    for number, words in enumerate(("one", "two"), start=1):
        package(words)
        push(shop, words)
        assert greeting() == words, number
    package("three", require="ext-nowhere")
    assert "ext-nowhere" in push(shop, "three", status=1)
    assert greeting() == "two"
    run(shop, "rollback")
    assert greeting() == "one"


@pytest.mark.needs("carton", "perl")
def test_carton_application_goes_live_breaks_and_returns(shop: Shop) -> None:
    cache = shop.project / "vendor/cache"
    file = cache / "authors/id/A/AN/ANNA/Greeting-0.01.tar.gz"

    def greeting() -> str:
        return output(shop, "perl", "-Ilocal/lib/perl5", "-MGreeting", "-e", "print Greeting::text")

    write(shop.project / "cpanfile", "requires 'Greeting', '0.01';\n")
    write(shop.project / "cpanfile.snapshot", SNAPSHOT)
    (cache / "modules").mkdir(parents=True)
    (cache / "modules/02packages.details.txt.gz").write_bytes(
        gzip.compress(
            b"File: 02packages.details.txt\n\nGreeting 0.01 A/AN/ANNA/Greeting-0.01.tar.gz\n"
        )
    )
    shop.define(stages=[*FETCH, "perl-carton", "activate-release"], settings=HERE)
    for words in ("one", "two"):
        perl_distribution(file, f"'{words}'")
        push(shop, words)
        assert greeting() == words
    file.write_bytes(b"not an archive")
    assert "next: " in push(shop, "three", status=1)
    assert greeting() == "two"
    run(shop, "rollback")
    assert greeting() == "one"


BUILDOUT_RECIPE = """\
import os


class Recipe:
    def __init__(self, buildout, name, options):
        self.file = os.path.join(buildout["buildout"]["directory"], "greeting.txt")
        self.text = options["text"]

    def install(self):
        with open(self.file, "w") as file:
            file.write(self.text)
        return self.file

    update = install
"""
SETUP = """\
from setuptools import setup
setup(name="greeting", version="1", py_modules=["greeting"],
      entry_points={"zc.buildout": ["default = greeting:Recipe"]})
"""


@pytest.fixture(scope="module")
def buildout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """zc.buildout with a recipe, in an environment of its own, as a host has it."""
    directory = tmp_path_factory.mktemp("buildout")
    environment = directory / "ve"
    write(directory / "greeting/setup.py", SETUP)
    write(directory / "greeting/greeting.py", BUILDOUT_RECIPE)
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, environment], check=True)
    subprocess.run(
        [
            *uv,
            "pip",
            "install",
            "-q",
            "--python",
            environment / "bin/python",
            "zc.buildout<5",
            "pip",
            "setuptools<81",
            "wheel",
            directory / "greeting",
        ],
        check=True,
    )
    return environment / "bin/buildout"


def test_buildout_application_goes_live_breaks_and_returns(shop: Shop, buildout: Path) -> None:
    def configure(text: str, recipe: str = "greeting") -> None:
        write(
            shop.project / "buildout.cfg",
            f"[buildout]\nparts = greeting\n[greeting]\nrecipe = {recipe}\ntext = {text}\n",
        )

    def greeting() -> str:
        return (shop.live / "current/greeting.txt").read_text()

    shop.define(
        stages=[*FETCH, "plone-buildout", "activate-release"],
        settings=f'{HERE}\nBUILDOUT = "{buildout}"',
    )
    for words in ("one", "two"):
        configure(words)
        push(shop, words)
        assert greeting() == words
    configure("three", recipe="nowhere.recipe")
    printed = push(shop, "three", status=1)
    assert "nowhere.recipe" in printed
    assert "https:" not in printed  # it asks nobody
    assert greeting() == "two"
    run(shop, "rollback")
    assert greeting() == "one"


@pytest.fixture
def supervisor(tmp_path: Path, shop: Shop) -> Iterator[Path]:
    """A supervisord that runs the live release's program; yields its configuration."""
    with pytest.MonkeyPatch.context():
        configuration = write(
            tmp_path / "supervisord.conf",
            f"""\
[supervisord]
nodaemon=true
logfile={tmp_path}/supervisord.log
pidfile={tmp_path}/supervisord.pid
[unix_http_server]
file={tmp_path}/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{tmp_path}/s
[program:web]
command=/bin/sh {shop.live}/current/web.sh
autostart=false
startsecs=1
startretries=1
""",
        )
    process = subprocess.Popen(
        ["supervisord", "-c", configuration],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not (tmp_path / "s").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        yield configuration
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.needs("supervisord", "supervisorctl")
def test_supervisor_program_runs_breaks_and_returns(shop: Shop, supervisor: Path) -> None:
    output = shop.live.parent / "output"

    def program(words: str) -> None:
        write(shop.project / "web.sh", words)

    shop.define(
        stages=[*FETCH, "activate-release", "restart-supervisor"],
        deployment='on_failure = "rollback"',
        settings=f'{HERE}\nSUPERVISOR_PROGRAMS = "web"\n'
        f'SUPERVISORCTL = "supervisorctl -c {supervisor}"',
    )
    for words in ("one", "two"):
        program(f"echo {words} >'{output}'; exec sleep 1000")
        push(shop, words)
        assert output.read_text() == f"{words}\n"
    program("echo three is broken >&2; exit 1")
    assert "not all of these run: web" in push(shop, "three", status=1)
    assert output.read_text() == "two\n"  # the automatic rollback has started it again
    state = subprocess.run(
        ["supervisorctl", "-c", supervisor, "status", "web"],
        text=True,
        capture_output=True,
        check=False,
    ).stdout
    assert "RUNNING" in state
