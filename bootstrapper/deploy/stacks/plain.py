"""Any other project: its files are sent as they are, or as a command has built them."""

from collections.abc import Mapping
from pathlib import Path

from bootstrapper.deploy.stacks.node import find_node_project
from bootstrapper.deploy.stacks.project_file import first_of
from bootstrapper.deploy.stacks.questions import build_command, smoke_url, systemd_units
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Stack

NAME = "plain"
_FILES = ("Gemfile", "go.mod", "Cargo.toml", "mix.exs", "requirements.txt", "pyproject.toml")


def evidence(project: Path, without: str = "") -> str:
    """Return the file that shows a stack for which the cookbook has no recipe, or an empty string.

    The file `without` does not count.
    """
    return first_of(project, *(name for name in ("package.json", *_FILES) if name != without))


def has_members(project: Path) -> bool:
    """Return whether the project's package.json is for packages in its directories."""
    node = find_node_project(project)
    return bool(node and node.has_members)


def program(project: Path, found: Mapping[str, str]) -> str:
    """Return a file that shows a program beside a site that was found, or an empty string.

    go.mod, Gemfile, requirements.txt and package.json may be there for the generator of the site.
    """
    site = "".join(found.values())
    node = find_node_project(project)
    if node and node.is_server:
        return "package.json"
    programs: tuple[str, ...] = ("Cargo.toml", "mix.exs", "manage.py")
    if site.startswith(("mkdocs", "conf.py", "source/")):
        programs = (*programs, "go.mod", "main.py", "app.py", "wsgi.py", "config.ru")
    return first_of(project, *programs)


def describe(project: Path) -> Stack:
    """Return how a project of any kind is deployed."""
    node = find_node_project(project)
    command = " && ".join(filter(None, [node.install, node.build])) if node else ""
    return Stack(
        name=NAME,
        title="Node" if node and not first_of(project, *_FILES) else "a project of any kind",
        questions=(
            build_command(command, "what the server needs and git does not hold"),
            shared_paths_question(project),
            systemd_units("mysite.service", "the application, which otherwise keeps its old code."),
            smoke_url(),
        ),
        build=("build-checkout",),
        restart=("restart-systemd", "smoke-test"),
    )
