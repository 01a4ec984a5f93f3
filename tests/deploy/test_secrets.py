"""A push whose stages say its secrets in every way: none is found anywhere but in their input."""

import json
import os
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.shop import STAGES, Shop, git, open_shop
from tests.support.traces import SECRETS, TOKEN, files, found_in

# Each way says "way NAME", so that the test knows that each way was tried.
WAYS = r"""# Says each secret in many ways.
import base64, json, os, shlex, sys, time, traceback, urllib.parse
def say(way, text, to=sys.stdout):
    print(f"{way} {name}: <{text}>", file=to, flush=True)
for name in os.environ["NAMES"].split():
    value = os.environ[name]
    data = value.encode()
    say("plain", value)
    say("error", value, sys.stderr)
    for ahead in range(4):
        encoded = base64.b64encode(b"user:"[:ahead] + data + b"end")
        say("base64", encoded.decode())
        say("urlsafe", base64.urlsafe_b64encode(b"user:"[:ahead] + data).decode())
        say("wrapped", base64.encodebytes(b"." * (50 + ahead) + data + b"." * 40).decode())
    say("url", f"https://user:{urllib.parse.quote(value, safe='')}@example.org/")
    say("form", urllib.parse.urlencode({"password": value}))
    say("json", json.dumps({"password": value}))
    say("json8", json.dumps({"password": value}, ensure_ascii=False))
    say("repr", repr({"password": value}))
    say("quoted", shlex.join(["curl", "-H", f"Token: {value}"]))
    say("hex", data.hex())
    for pause in (0, 0.002):
        sys.stdout.write(f"pieces {name}: <")
        for at in range(0, len(data), 3):
            os.write(1, data[at:at + 3]) if sys.stdout.flush() is None else 0
            time.sleep(pause)
        say(">", "")
    os.write(1, b"x" * 500_000 + data + b"y" * 500_000 + b"\n")
    half = len(data) // 2
    if name == "SPLIT":
        os.write(1, data[:half])
        os.write(2, data[half:] + b"\n")
        os.write(1, b"\n")
    with open(os.environ["ROLF_OUTPUT"], "a") as output:
        output.write(f"HANDED_{name}=before {value} after\n")
    try:
        raise ValueError(f"no login with {value}")
    except ValueError:
        traceback.print_exc()
raise RuntimeError(f"at last {os.environ['KEY']} and {os.environ['PHRASE']}")
"""
SHELL = r"""# Says each secret in the ways of a shell, and hands them on.
set -x
for name in $NAMES; do
    value=${!name}
    : "$value"
    printf 'q %q\n' "$value"
    declare -p value
    base64 <<<"$value"
    base64 -w 0 <<<"x$value"
    echo "HANDED_ON_$name=$value" >>"$ROLF_OUTPUT"
    (cd "/nonexistent/$value") || true
    (. "/nonexistent/$value") || true
    printf '%s' "$value"
    sleep 0.01
done
set +x
base64 < <(sleep 0.5)  # long enough for ps to show it
[ -e "$CHECKOUT_DIR/../../../../go" ] || { echo "no luck with $TOKEN" >&2; exit 3; }
"""


@dataclass
class Story:
    """Where secrets could show: `printed` by each command, `processes` seen while they ran."""

    shop: Shop
    temporary: Path
    printed: dict[str, bytes] = field(default_factory=dict)
    processes: set[bytes] = field(default_factory=set)

    def run(self, *words: str, status: int = 0) -> None:
        """Run a command."""
        with self._watched():
            run = subprocess.run(
                self.shop.command(*words),
                cwd=self.shop.project,
                capture_output=True,
                check=False,
                timeout=120,
                stdin=subprocess.DEVNULL,
                env={
                    **os.environ,
                    **{name: SECRETS[name] for name in ("TOKEN", "KEY", "UMLAUT")},
                    "TMPDIR": str(self.temporary),
                },
            )
        reported = " ".join(words)
        self.printed[reported] = self.printed.get(reported, b"") + run.stdout + run.stderr
        assert run.returncode == status, run.stderr.decode()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """What ps would show, looked at without a pause."""
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                for process in Path("/proc").glob("[0-9]*"):
                    for name in ("cmdline", "comm"):
                        with suppress(OSError):
                            self.processes.add((process / name).read_bytes())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Pushes that fail, are resumed, work and are rolled back, and all commands that tell."""
    directory = tmp_path_factory.mktemp("secrets")
    shop = open_shop(directory)
    story = Story(shop, directory / "temporary")
    story.temporary.mkdir()
    (shop.project / ".gitignore").write_text("/deploy/secrets.env\n")
    kept = {
        name: value for name, value in SECRETS.items() if name not in ("TOKEN", "KEY", "UMLAUT")
    }
    settings = "\n".join(
        [
            'REMOTE_HOST = "."',
            f'NAMES = "{" ".join(SECRETS)}"',
            *(f"{name} = {{ secret = true }}" for name in SECRETS),
        ]
    )
    shop.define(stages=[*STAGES[:2], "shell", *STAGES[2:]], settings=settings)
    path = shop.project / "deploy/secrets.env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
    shop.recipe("shell.sh", SHELL)
    shop.recipe("ways.py", WAYS)
    shop.commit(f"one with {TOKEN}")
    story.run("deploy", "--dry-run")
    story.run("deploy", "-m", "first", status=1)
    (shop.project / "go").touch()
    story.run("deploy", "-v", "-m", f"second, which says {TOKEN}")
    shop.commit(f"two with {SECRETS['PHRASE']}")
    story.run("deploy")
    story.run("rollback")
    shop.define(stages=[*STAGES, "ways"], settings=settings)
    story.run("deploy", status=1)
    story.run("deploy", "-v", status=1)
    story.run("resume", status=2)
    for words in (
        ("log",),
        ("log", "3"),
        ("log", "--json"),
        ("log", "--timestamps"),
        ("log", "--tail", "100"),
        ("pushes",),
        ("pushes", "--json"),
        ("status",),
        ("status", "--json"),
        ("log", "1"),
        ("log", "2"),
    ):
        story.run(*words)
    return story


def test_what_is_looked_for_is_found_where_it_is_printed() -> None:
    for name, value in SECRETS.items():
        for ahead in range(3):
            assert name in found_in(b"<" + b64encode(b"abc"[:ahead] + value.encode()) + b">")
        assert name in found_in(f"<{quote(value)}>".encode())
        assert name in found_in(json.dumps([value]).encode())


def test_no_command_shows_a_secret(story: Story) -> None:
    for words, printed in story.printed.items():
        assert found_in(printed) == [], words


def test_what_stages_say_of_secrets_is_there_masked(story: Story) -> None:
    log = story.printed["log"].decode()
    for name in SECRETS:
        for way in (
            "plain",
            "error",
            "base64",
            "urlsafe",
            "wrapped",
            "url",
            "form",
            "json",
            "json8",
            "repr",
            "quoted",
            "hex",
            "pieces",
        ):
            printed = log.partition(f"{way} {name}: <")[2]
            assert "[masked " in printed[:200], f"{way} {name}: {printed[:200]!r}"
    assert "no luck with [masked TOKEN]" in story.printed["deploy -m first"].decode()
    assert "RuntimeError: at last [masked KEY]\n" in log
    assert "The page says one with [masked TOKEN]" in story.printed["log 2"].decode()
    assert story.shop.record(2)["comment"] == "second, which says [masked TOKEN]"
    assert story.shop.record(2)["outputs"]["HANDED_ON_PHRASE"] == "[masked PHRASE]"


def test_no_file_of_the_journals_holds_a_secret(story: Story) -> None:
    looked_at = 0
    for path in files(story.shop.project / ".deploy"):
        if "checkout" in path.relative_to(story.shop.project).parts:
            continue  # the page that is pushed holds one, as committed
        looked_at += 1
        assert found_in(path.read_bytes()) == [], path
        assert found_in(os.fsencode(path)) == [], path
    assert looked_at > 40


def test_no_file_of_the_target_holds_a_secret(story: Story) -> None:
    target = story.shop.live
    paths = [target / "pushes.log", *files(target / ".deploy")]
    assert len(paths) > 1
    for path in paths:
        assert found_in(path.read_bytes()) == [], path


def test_ps_shows_no_secret_while_a_push_runs(story: Story) -> None:
    assert any(b"base64" in process for process in story.processes)
    for process in story.processes:
        if b"-m\0second, which says" in process:
            continue  # a person typed it
        assert found_in(process) == [], process


def test_nothing_is_left_in_the_directories_for_temporary_files(story: Story) -> None:
    assert list(story.temporary.iterdir()) == []
    for directory in Path("/tmp").glob("push-ssh-*"):
        for path in files(directory):
            with suppress(OSError):  # a push of somebody else's has just ended
                assert found_in(path.read_bytes()) == [], path


def test_tags_of_a_push_hold_no_secret(story: Story) -> None:
    reported = git(
        story.shop.repository,
        "for-each-ref",
        "--format=%(refname) %(contents)",
        "refs/tags/push-production-2",
    )
    assert "second, which says [masked TOKEN]" in reported
