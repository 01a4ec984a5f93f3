"""A real git repository to push from."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Anna"), ("EMAIL", "anna@example.org"))
}


@dataclass(frozen=True, kw_only=True)
class Repository:
    """The bare one on a server, and somebody's work tree of it."""

    bare: Path
    work: Path

    @classmethod
    def create(cls, bare: Path) -> "Repository":
        """One with a single commit on main."""
        make_bare(bare)
        work = bare.with_suffix(".work")
        git(bare.parent, "init", "-q", "-b", "main", work)
        git(work, "remote", "add", "origin", bare)
        made = cls(bare=bare, work=work)
        made.commit("index.html", "first")
        return made

    def commit(self, path: str, text: str) -> str:
        """Change a file on main, and push that; returns the commit."""
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        git(self.work, "add", "-A")
        git(self.work, "commit", "-q", "-m", f"{path}: {text}")
        git(self.work, "push", "-q", "origin", "HEAD:main")
        return self.head

    @property
    def head(self) -> str:
        """The last commit on main."""
        return git(self.work, "rev-parse", "HEAD")

    def tag(self, name: str, commit: str = "HEAD") -> None:
        """Make an annotated tag on the server."""
        git(self.work, "tag", "-a", "-m", name, name, commit)
        git(self.work, "push", "-q", "origin", f"refs/tags/{name}")


def make_bare(directory: Path) -> None:
    """Make a repository to push to and to clone from."""
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", directory], check=True)
    # Wheels are compressed; git would compress them again in each clone.
    subprocess.run(["git", "-C", directory, "config", "core.compression", "0"], check=True)


def git(directory: Path, *arguments: str | Path) -> str:
    """Run git with a name and no other settings; return its output."""
    run = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **AUTHOR},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()
