"""The mirror of a repository, asked by several at once."""

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.test import SimpleTestCase

from worker.mirror import Mirror

TAGS, AT_ONCE = 300, 6


@dataclass
class Prepared:
    """As much of the engine's Preparation as a mirror reads."""

    project: Path
    settings: dict[str, str]

    def mask(self, text):
        return text


class AtOnce(SimpleTestCase):
    """Pages and pushes that look at the same time."""

    def test_all_of_them_find_what_is_there(self):
        with tempfile.TemporaryDirectory() as place:
            repository = Path(place, "site.git")
            commit = _repository(repository)
            prepared = Prepared(Path(place, "work"), {"REPOSITORY": str(repository)})
            prepared.project.mkdir()
            mirrors = [Mirror(prepared, dict(os.environ)) for _ in range(AT_ONCE)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(Mirror.fetch, mirrors))  # raises what any of them raised
            for mirror in mirrors:
                self.assertEqual(len(mirror.lines("tag")), TAGS)
                self.assertEqual(mirror.git.resolve(str(repository), "t1"), commit)


def _repository(directory):
    """Make one with a commit that has many tags; return the commit."""
    directory.mkdir()

    def git(*words, told=None):
        return subprocess.run(
            ["git", *words], cwd=directory, input=told, check=True, text=True,  # noqa: S607
            capture_output=True).stdout.strip()

    git("init", "-q", "--bare")
    tree = git("mktree", told="")
    commit = git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit-tree", tree,
                 "-m", "Begin")
    git("update-ref", "--stdin", told="".join(
        f"create refs/tags/t{number} {commit}\n" for number in range(TAGS)))
    return commit
