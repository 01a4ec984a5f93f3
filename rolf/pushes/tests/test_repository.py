"""The mirror of a repository, used by several processes at once."""

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bootstrapper.errors import WorkFailed
from django.test import SimpleTestCase

from ..run.repository import RepositoryMirror

TAGS, AT_ONCE = 300, 6


@dataclass
class Prepared:
    """The attributes of a PreparedDeployment that a mirror reads."""

    project: Path
    settings: dict[str, str]

    def mask(self, text):
        return text


class AtOnce(SimpleTestCase):
    """Surveys and pushes at the same time."""

    def test_all_of_them_find_what_is_there(self):
        with tempfile.TemporaryDirectory() as place:
            repository = Path(place, "site.git")
            commit = _repository(repository)
            prepared = Prepared(Path(place, "work"), {"REPOSITORY": str(repository)})
            prepared.project.mkdir()
            mirrors = [RepositoryMirror(prepared, dict(os.environ)) for _ in range(AT_ONCE)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(RepositoryMirror.fetch, mirrors))  # raises what any of them raised
            for mirror in mirrors:
                self.assertEqual(len(mirror.lines("tag")), TAGS)
                self.assertEqual(mirror.git.resolve(str(repository), "t1"), commit)


class Folders(SimpleTestCase):
    """Folders that are read from a repository."""

    def test_a_folder_that_is_too_large_is_refused(self):
        with tempfile.TemporaryDirectory() as place:
            repository = Path(place, "site.git")
            _repository(repository)
            prepared = Prepared(Path(place, "work"), {"REPOSITORY": str(repository)})
            prepared.project.mkdir()
            into = Path(place, "into")
            into.mkdir()
            for files in ({"zeros": "0" * 21_000_000}, dict.fromkeys(map(str, range(21_000)), "")):
                commit = _commit(repository, files)
                with self.assertRaisesRegex(WorkFailed, "the limit is 20,000,000"):
                    RepositoryMirror(prepared, dict(os.environ)).extract(commit, "deploy", into)
                self.assertEqual(list(into.iterdir()), [])


def _commit(repository, files):
    """Commit a folder deploy of these files on the branch main; return the commit."""
    commands = "commit refs/heads/main\ncommitter A <a@example.org> 0 +0000\ndata 0\ndeleteall\n"
    commands += "".join(
        f"M 644 inline deploy/{name}\ndata {len(text)}\n{text}\n" for name, text in files.items()
    )
    subprocess.run(
        ["git", "fast-import", "--quiet", "--force"],  # noqa: S607
        cwd=repository,
        input=commands,
        check=True,
        text=True,
    )
    return subprocess.run(
        ["git", "rev-parse", "main"],  # noqa: S607
        cwd=repository,
        check=True,
        text=True,
        capture_output=True,
    ).stdout.strip()


def _repository(directory):
    """Create a repository with a commit that has many tags; return the commit."""
    directory.mkdir()

    def git(*words, commands=None):
        return subprocess.run(
            ["git", *words],  # noqa: S607
            cwd=directory,
            input=commands,
            check=True,
            text=True,
            capture_output=True,
        ).stdout.strip()

    git("init", "-q", "--bare")
    tree = git("mktree", commands="")
    commit = git(
        "-c", "user.name=A", "-c", "user.email=a@example.org", "commit-tree", tree, "-m", "Begin"
    )
    git(
        "update-ref",
        "--stdin",
        commands="".join(f"create refs/tags/t{number} {commit}\n" for number in range(TAGS)),
    )
    return commit
