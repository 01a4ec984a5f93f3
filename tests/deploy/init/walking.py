"""How a test adopts a shop with init, pushes it twice, and rolls it back."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.support.shop import Shop
from tests.support.ssh_server import SshServer


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def adopt(shop: Shop, server: SshServer, url: str, *values: str, stack: str = "") -> None:
    """Run init as a script does, with what no file says; then commit what it wrote."""
    words = [f"REMOTE_HOST={server.host}", f"REMOTE_DIRECTORY={shop.live}"]
    words += [f"SSH_CONFIG={server.config}", f"SMOKE_URL={url}", *values]
    named = ["--stack", stack] if stack else []
    run(shop, "init", "--yes", *named, *(part for word in words for part in ("--set", word)))
    shop.commit("adopted")
    run(shop, "deploy", "--dry-run")


def run(shop: Shop, *words: str) -> str:
    """Run a command line, which must not fail; returns what it printed."""
    done = shop.run(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def walk(shop: Shop, change: Callable[[str], object], shown: Callable[[], str]) -> None:
    """Push two versions, and return to the first; each is what visitors then see."""
    for words in ("one", "two"):
        change(words)
        shop.commit(words)
        run(shop, "deploy")
        assert shown() == words
    run(shop, "rollback", "--yes")
    assert shown() == "one"


def output(shop: Shop, *command: str) -> str:
    """What a program of the live release prints."""
    return subprocess.run(
        command, cwd=shop.live / "current", capture_output=True, text=True, check=True
    ).stdout
