"""Files in a checkout of the template that git ignores there: those of an editor, of Python, of a Mac.

cookiecutter copies them into a project. They are in no version of the template, so no record names
them.
"""

from pathlib import Path

from vendor_fetch.git_command import run_git
from vendor_fetch.template.origin import is_repository


def ignored_files(template: Path, root: str, slug: str) -> set[str]:
    """Return the paths of these files in a project called `slug`.

    `root` is the directory of the template that cookiecutter renders; directories in it can have the
    same name. The result is empty without a repository.
    """
    if not is_repository(template):
        return set()
    words = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", root)
    shown = run_git("-C", str(template), "--literal-pathspecs", *words).stdout
    return {
        "/".join(slug if part == root else part for part in path.split("/")[1:])
        for path in shown.split("\0")[:-1]
    }
