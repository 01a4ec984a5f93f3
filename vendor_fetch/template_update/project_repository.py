"""The git repository of a project, as far as an update of the template needs it."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bootstrapper.errors import InputError, WorkFailed
from bootstrapper.next_step import edit
from bootstrapper.quoting import quoted
from vendor_fetch.git_command import refuse_foreign_owner, run_git
from vendor_fetch.program import retry_command
from vendor_fetch.template_update.work_tree import MERGE, WorkTree, git_failure

# Files of one run, in the directory of git: a killed run leaves nothing in the project.
_BESIDE = "template-update"
_UNFINISHED = {
    "CHERRY_PICK_HEAD": "cherry-pick",
    "MERGE_HEAD": "merge",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}


@dataclass(frozen=True, kw_only=True)
class ChangedFile:
    """A file that differs between two commits. `mode` and `old_mode` are git's, or 000000."""

    path: str
    old_mode: str
    mode: str

    @property
    def is_plain(self) -> bool:
        """Whether it is a regular file, or none, in both commits."""
        return {self.old_mode, self.mode} <= {"000000", "100644", "100755"}


class ProjectRepository:
    """The repository with the project in the directory `root`, which may be a part of it.

    Methods raise WorkFailed if git fails.
    """

    def __init__(self, root: Path) -> None:
        """Raise InputError if the project is in no repository of the user, or has no commit."""
        self.root = root.resolve()  # as git names it, also if the path has a symbolic link
        shown = run_git("-C", str(root), "rev-parse", "--show-toplevel", "--show-prefix")
        head = run_git("-C", str(root), "rev-parse", "--verify", "--quiet", "HEAD")
        refuse_foreign_owner(root)
        if shown.returncode or head.returncode:
            reason = shown.stderr.strip().removeprefix("fatal: ") if shown.returncode else ""
            raise InputError(
                str(root),
                reason or "the project has no commit yet",
                'git init && git add --all && git commit -m "Add the site"',
            )
        top, _, prefix = shown.stdout.partition("\n")
        self._top, self.prefix = Path(top), prefix.strip("\n")
        self.head = head.stdout.strip()

    def refuse_changes(self) -> None:
        """Raise InputError if the work tree has changes, or git is in the middle of something."""
        for name, command in _UNFINISHED.items():
            if self._path(name).exists():
                raise InputError(
                    str(self._top),
                    f"a git {command} is not finished",
                    f"git {command} --continue  # or: git {command} --abort; then: {retry_command()}",
                )
        changed = self._git("status", "--porcelain", "-z").split("\0")[:-1]
        if changed:
            more = f" and {len(changed) - 1} more" if changed[1:] else ""
            raise InputError(
                str(self._top),
                f"has changes that no commit has: {changed[0][3:]}{more}",
                "git stash --include-untracked  # or: git add --all && git commit; then: "
                f"{retry_command()}",
            )

    def require_identity(self) -> None:
        """Raise InputError if git does not know who commits."""
        if run_git("-C", str(self._top), "var", "GIT_COMMITTER_IDENT").returncode:
            raise InputError(
                "git",
                "does not know your name and e-mail address for a commit",
                "git config --global user.name NAME && git config --global user.email ADDRESS  "
                f"# then: {retry_command()}",
            )

    def refuse_new_changes(self) -> None:
        """Raise BootstrapperError if the project has changed since this object was made."""
        if self._git("rev-parse", "HEAD").strip() != self.head:
            raise WorkFailed(
                str(self._top), "got a new commit while this command ran", retry_command()
            )
        self.refuse_changes()

    def refuse_links(self, paths: Iterable[PurePosixPath]) -> None:
        """Raise InputError if one of the paths is a link: its target would be written."""
        for path in paths:
            if (self.root / path).is_symlink():
                raise InputError(
                    str(path),
                    "is a link, and an update would write where it leads",
                    f"ls -l {quoted(str(path))}  # put the file itself there; then: {retry_command()}",
                )

    def refuse_untracked(self, paths: Iterable[str]) -> None:
        """Raise WorkFailed if files that git ignores have paths that a commit needs.

        git would replace them without a question.
        """
        shown = self._git("ls-files", "-z", "--full-name", "--", str(self.root))
        tracked = {name.removeprefix(self.prefix) for name in shown.split("\0")}
        for path in paths:
            for each in (PurePosixPath(path), *PurePosixPath(path).parents):
                file = self.root / each
                is_free = (
                    file.is_dir()
                    and not file.is_symlink()
                    and (str(each) != path or self._is_tracked(file, tracked))
                )
                if not is_free and os.path.lexists(file) and str(each) not in tracked:
                    raise WorkFailed(
                        str(each),
                        "is in the way of a file of the template, and is not in git",
                        f"mv {quoted(str(each))} {quoted(f'{each}.old')}  # then: {retry_command()}",
                    )

    def refuse_markers(self, paths: Iterable[str]) -> None:
        """Raise WorkFailed if the last commit has the markers of a conflict in files of the template."""
        words = ("grep", "-l", "-z", "-E", "^(<<<<<<<|>>>>>>>) ", "HEAD", "--")
        names = [f":(literal){self.prefix}{path}" for path in paths]
        found = run_git("-C", str(self._top), *words, *names).stdout.split("\0")[:-1]
        if found:
            path = found[0].partition(":")[2]
            raise WorkFailed(
                path,
                "still has the markers of a conflict",
                edit(
                    path.removeprefix(self.prefix), "choose a side, commit, run the command again"
                ),
            )

    def refuse_lock(self) -> None:
        """Raise WorkFailed if another git is at work, or one that crashed has left its lock."""
        lock = self._path("index.lock").absolute()
        if lock.exists():
            raise WorkFailed(
                str(lock),
                "another git works on the project, or one that crashed has left this file",
                f"rm {quoted(str(lock))}  # if no git runs; then: {retry_command()}",
            )

    def _is_tracked(self, directory: Path, tracked: set[str]) -> bool:
        """Return whether git has every file in a directory, so that none is lost with it."""
        return all(
            file.relative_to(self.root).as_posix() in tracked
            for file in directory.rglob("*")
            if file.is_symlink() or not file.is_dir()
        )

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a directory for one run, and remove it at the end. The caller holds a lock."""
        directory = self._path(_BESIDE).absolute()
        self._discard(directory)
        directory.mkdir()
        try:
            yield directory
        finally:
            self._discard(directory)

    def _path(self, name: str) -> Path:
        """Return the path of one of git's own files."""
        return self._top / self._git("rev-parse", "--git-path", name).strip()

    def _discard(self, directory: Path) -> None:
        if directory.exists():
            shutil.rmtree(directory)
            self._git("worktree", "prune")

    def tree(self, directory: Path, files: Iterable[str], scratch: Path) -> str:
        """Return the tree of files of a directory, at their paths in the project."""
        entries = []
        for name in files:
            file, path = directory / name, f"{self.prefix}{name}"
            # As the project's attributes want it, which may be Git LFS.
            blob = self._git("hash-object", "-w", f"--path={path}", "--", str(file)).strip()
            mode = "100755" if file.stat().st_mode & 0o100 else "100644"
            entries.append(f"{mode} {blob}\t{path}\0")
        index = str(scratch / "index")
        self._git("read-tree", "--empty", index=index)
        self._git("update-index", "-z", "--index-info", text="".join(entries), index=index)
        return self._git("write-tree", index=index).strip()

    def commit(self, tree: str, message: str, parent: str = "") -> str:
        """Return a commit of a tree, which no branch has."""
        parents = ("-p", parent) if parent else ()
        return self._git("commit-tree", tree, *parents, "-m", message).strip()

    @contextmanager
    def work_tree(self, scratch: Path) -> Iterator["WorkTree"]:
        """Give a second work tree of HEAD."""
        directory = scratch / "tree"
        self._git("worktree", "add", "--quiet", "--detach", str(directory), self.head)
        try:
            yield WorkTree(directory, self.prefix, self._top)
        finally:
            self._git("worktree", "remove", "--force", str(directory))

    def pick(self, commit: str) -> None:
        """Apply a commit that conflicts to the project's own work tree."""
        run = run_git("-C", str(self._top), *MERGE, "cherry-pick", commit, detached=True)
        # With rerere.autoUpdate, no conflict may be left, but git waits all the same.
        if run.returncode and not self._path("CHERRY_PICK_HEAD").exists():
            raise git_failure(self._top, run.stderr)

    def changed_files(self, commit: str) -> list[ChangedFile]:
        """Return what differs between HEAD and a commit, by paths in the project."""
        words = ("diff", "--raw", "--no-renames", "--no-abbrev", "-z", self.head, commit, "--")
        fields = self._git(*words).split("\0")[:-1]
        found = []
        for entry, path in zip(fields[::2], fields[1::2], strict=True):
            old_mode, mode = entry.lstrip(":").split()[:2]
            found.append(
                ChangedFile(path=path.removeprefix(self.prefix), old_mode=old_mode, mode=mode)
            )
        return found

    def fast_forward(self, commit: str) -> None:
        """Bring the branch and the work tree to a commit that begins at HEAD."""
        run = run_git("-C", str(self._top), "merge", "--quiet", "--ff-only", commit, detached=True)
        if run.returncode:
            raise git_failure(self._top, run.stderr)

    def _git(self, *words: str, text: str = "", index: str = "") -> str:
        run = run_git("-C", str(self._top), *words, text=text, index=index)
        if run.returncode:
            raise git_failure(self._top, run.stderr)
        return run.stdout
