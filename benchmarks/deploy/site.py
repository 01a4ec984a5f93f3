"""The projects that are pushed, each with its repository."""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import PYTHON
from benchmarks.subject import module, run

# Beside the generated project's own files.
MODULES = 300
# What a commit changes, and what shows which commit is served.
CHANGED = "main/release.txt"


@dataclass(frozen=True, kw_only=True)
class Site:
    """`work` is a project and a git work tree; what is pushed comes from `repository`."""

    work: Path
    repository: Path

    @property
    def url(self) -> str:
        """A URL: of a plain path git would hardlink the objects, which no server's clone does."""
        return self.repository.as_uri()

    @property
    def python(self) -> Path:
        """Its ve's, which has bootstrapper in it."""
        return self.work / "ve/bin/python"

    @property
    def content(self) -> str:
        """What the newest commit wrote into CHANGED."""
        return (self.work / CHANGED).read_text()

    def files(self) -> int:
        """How many a push brings."""
        return sum(
            len(names)
            for folder, _, names in os.walk(self.work)
            if not {".git", "ve", ".deploy"} & set(Path(folder).parts)
        )

    def commit(self) -> None:
        """Another commit, in the repository as well, which is packed as a server's mostly is."""
        (self.work / CHANGED).write_text(f"{time.time_ns()}\n")
        self.git("commit", "--quiet", "--message", "Another day", CHANGED)
        self.git("push", "--quiet", "origin", "main")
        run(["git", "repack", "-a", "-d", "-q"], self.repository)

    def git(self, *words: str | Path) -> None:
        """Run git in the work tree, as the user who deploys."""
        run(
            ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.org", *words],
            self.work,
        )


def build(project: Path, store: Path) -> None:
    """Build its ve."""
    run([PYTHON, "bootstrap.py", "-q"], project, {"BOOTSTRAP_STORE": str(store)})


def lighten(project: Path) -> None:
    """Many small files, and none of the vendored ones: their weight would hide all else."""
    shutil.rmtree(project / "requirements/src")
    never_rebuild(project)
    for number in range(MODULES):
        (project / "main" / f"module{number}.py").write_bytes(module(number))


def never_rebuild(project: Path) -> None:
    """Without bootstrap.py nobody minds that a release has no ve."""
    (project / "bootstrap.py").unlink()


def publish(site: Site, deployments: str) -> None:
    """Put the project into its repository."""
    project = site.work
    (project / "deploy").mkdir(exist_ok=True)
    definition = project / "deploy/deployments.toml"
    definition.unlink(missing_ok=True)  # a twin's is the original's, too
    definition.write_text(deployments)
    # There is no Apache: a touch is what all do here.
    (project / "apache/reload").unlink(missing_ok=True)
    (project / CHANGED).write_text("0\n")
    run(["git", "init", "--quiet", "--bare", "--initial-branch", "main", site.repository], project)
    site.git("init", "--quiet", "--initial-branch", "main")
    (project / ".git/info/exclude").write_text("/.deploy/\n/ve/\n")
    site.git("remote", "add", "origin", site.repository)
    site.git("add", "--all")
    site.git("commit", "--quiet", "--message", "The first day")
    site.git("push", "--quiet", "--set-upstream", "origin", "main")
