"""Find the stack of a project by its files."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bootstrapper.deploy.stacks import java, perl, php, plain, plone, static_site
from bootstrapper.deploy.stacks.checks import check_line
from bootstrapper.deploy.stacks.project_file import read_text
from bootstrapper.deploy.stacks.stack import Question, Stack


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How a stack is recognised, and how it is described."""

    evidence: Callable[[Path], str]
    describe: Callable[[Path], Stack]


_KINDS: Mapping[str, _Kind] = {
    module.NAME: _Kind(evidence=module.evidence, describe=module.describe)
    for module in (php, perl, java, plone, static_site, plain)
}
STACKS = tuple(_KINDS)


def candidates(project: Path) -> dict[str, str]:
    """Return the stacks that the project can be, each with the file that shows it.

    A package.json or an index.html stands beside many applications, so these count only if nothing
    else does. The site of MkDocs or Sphinx beside a program may be its documentation, and a
    package.json may build the pages of a program in another language: then both count.
    """
    found = {
        name: file
        for name, kind in _KINDS.items()
        if name != plain.NAME and (file := kind.evidence(project))
    }
    if list(found) == [static_site.NAME] and (file := plain.program(project, found)):
        found[plain.NAME] = file
    if found:
        return found
    if file := static_site.weak_evidence(project):
        found[static_site.NAME] = file
    if not file or file == "package.json":
        beside = plain.evidence(project, without="" if plain.has_members(project) else file)
        found |= {plain.NAME: beside} if beside else {}
    return found


def below(project: Path) -> dict[str, str]:
    """Return the directories of the project that are projects of a stack, each with its file."""
    found = {}
    for path in sorted(project.iterdir()):
        is_own = path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
        if is_own and (file := next(iter(candidates(path).values()), "")):
            found[path.name] = file
    return found


def describe(name: str, project: Path, directory: str) -> Stack:
    """Return the stack of that name as the project has it.

    `directory` is the project's directory in the checkout, empty for its top.
    """
    stack = _KINDS[name].describe(project)
    return _moved(stack, directory) if directory else stack


def django_project(project: Path) -> str:
    """Return the path of a manage.py of Django, at most two directories deep; empty if there is none."""
    paths = [project / "manage.py"]
    paths += [path for depth in ("*", "*/*") for path in sorted(project.glob(f"{depth}/manage.py"))]
    found = (path for path in paths if re.search(r"\bdjango\b", read_text(path)))
    return next((str(path.relative_to(project)) for path in found), "")


def _moved(stack: Stack, directory: str) -> Stack:
    """Return the stack for a project in a directory of the checkout."""
    questions = []
    for each in stack.questions:
        default = each.default
        if each.name in ("BUILD_COMMAND", "SITE_COMMAND") and default:
            default = f"cd {shlex.quote(directory)} && {default}"
        elif each.name == "SITE_DIRECTORY" and default:
            default = f"{directory}/{default}"
        questions.append(replace(each, default=default))
    if "static-site" not in stack.build:
        source = Question(
            name="RELEASE_SOURCE",
            text="The directory of the checkout that is sent to the server.",
            default=directory,
            check=check_line,
        )
        questions.insert(0, source)
    return replace(stack, questions=tuple(questions))
