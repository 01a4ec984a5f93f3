"""Any other project: its files are sent as they are, or as a command has built them."""

from pathlib import Path

from bootstrapper.deploy.stacks.node import find_node_project
from bootstrapper.deploy.stacks.project_file import first_of
from bootstrapper.deploy.stacks.questions import build_command, smoke_url, systemd_units
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Stack

NAME = "plain"
_FILES = ("Gemfile", "go.mod", "Cargo.toml", "mix.exs", "requirements.txt", "pyproject.toml")


def evidence(project: Path) -> str:
    """Return the file that shows a stack for which the cookbook has no recipe, or an empty string."""
    return first_of(project, "package.json", *_FILES)


def describe(project: Path) -> Stack:
    """Return how a project of any kind is deployed."""
    node = find_node_project(project)
    command = " && ".join(filter(None, [node.install, node.build])) if node else ""
    return Stack(
        name=NAME,
        title="Node" if node else "a project of any kind",
        questions=(
            build_command(command, "what the server needs and git does not hold"),
            shared_paths_question(project),
            systemd_units("mysite.service", "the application, which otherwise keeps its old code."),
            smoke_url(),
        ),
        build=("build-checkout",),
        restart=("restart-systemd", "smoke-test"),
    )
