"""One recipe of the cookbook, run as the engine runs it: its whole input is its environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.deploy.plan.environment import INHERITED, read_output
from bootstrapper.deploy.recipes import python_stage
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.remote.ssh import HERE, Ssh

COOKBOOK = RecipeCatalog(Path(__file__).parent)
# What breaks a recipe that forgets to quote.
AWKWARD = """it's a "$HOME" `id` ünï"""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How it ended, what it printed, and what it wrote into ROLF_OUTPUT."""

    status: int
    stdout: str
    stderr: str
    output: Mapping[str, str]

    def ok(self) -> "Ran":
        """The same, once it is seen that it did not fail."""
        assert self.status == 0, self.stdout + self.stderr
        return self

    def failed(self, *words: str) -> "Ran":
        """Assert that it failed, with all of this in its message and a next step; return it."""
        assert self.status > 0, (self.status, self.stdout, self.stderr)
        for each in (*words, "\n  next: "):
            assert each in self.stderr, self.stderr
        return self


@dataclass(kw_only=True)
class Push:
    """A push's checkout and its target; `settings` is what each of its recipes gets."""

    checkout: Path
    target: Path
    ssh: Ssh
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, **settings: str) -> "subprocess.Popen[bytes]":
        """Start a recipe with a few settings more, and go on."""
        recipe = COOKBOOK.get(name)
        assert recipe, name
        stages = self.checkout.parent / "stages"
        stages.mkdir(exist_ok=True)
        file = stages / f"01-{name}{recipe.suffix}"
        file.write_text(recipe.code)
        (self.checkout.parent / "output").write_text("")
        command = ["bash", "-eo", "pipefail", str(file)]
        if recipe.language == "python":
            command = [sys.executable, python_stage.__file__, str(file)]
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment = {**inherited, **self.settings, **settings}
        return subprocess.Popen(
            command,
            cwd=self.checkout,
            env={**environment, **self.ssh.environment(environment)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, name: str, **settings: str) -> Ran:
        """Run a recipe to its end."""
        with self.start(name, **settings) as process:
            try:
                stdout, stderr = process.communicate(timeout=120)
            except BaseException:
                process.kill()
                raise
        output, odd = read_output((self.checkout.parent / "output").read_text())
        assert not odd
        return Ran(
            status=process.returncode, stdout=stdout.decode(), stderr=stderr.decode(), output=output
        )

    def release(self, number: int) -> Path:
        """Where a release of that number is on the target."""
        return self.target / "releases" / str(number)

    def numbered(self, number: int) -> None:
        """From here on it is the push of that number."""
        self.settings["ROLF_PUSH_ID"] = self.settings["RELEASE"] = str(number)


@contextmanager
def push(
    directory: Path, *, host: str = HERE, config: Path | None = None, name: str = AWKWARD
) -> Iterator[Push]:
    """A push from a directory to another below it, both with a name that is hard to quote.

    As in the engine one connection is opened, which the recipes share.
    """
    checkout = directory / name / "checkout"
    checkout.mkdir(parents=True)
    target = directory / f"target {name}"
    target.mkdir()
    with Ssh(config) as ssh:
        settings = {
            "CHECKOUT_DIR": str(checkout),
            "ROLF_OUTPUT": str(checkout.parent / "output"),
            "REMOTE_HOST": host,
            "REMOTE_DIRECTORY": str(target),
            "DEPLOYMENT": "production",
            "DEPLOYMENT_ID": "production",
            "PUSH_UNI": "anna",
            "PUSH_COMMENT": f"for {name}",
            "PUSH_REF": "main",
            "PUSH_COMMIT": "",
            "ROLLBACK_URL": "",
        }
        made = Push(checkout=checkout, target=target, ssh=ssh, settings=settings)
        made.numbered(1)
        if host == HERE:
            yield made
            return
        command = ssh.command(host, "echo connected; exec cat")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as master:
            assert master.stdout  # the login shell may print more, before
            assert any(line.endswith(b"connected\n") for line in master.stdout)
            try:
                yield made
            finally:
                master.terminate()
