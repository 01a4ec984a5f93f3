"""Plone: built by buildout on the server, run by supervisor."""

from pathlib import Path

from bootstrapper.deploy.stacks.checks import check_words
from bootstrapper.deploy.stacks.project_file import first_of
from bootstrapper.deploy.stacks.questions import smoke_url
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "plone"


def evidence(project: Path) -> str:
    """Return the file that shows that buildout builds the project, or an empty string."""
    return first_of(project, "buildout.cfg")


def describe(project: Path) -> Stack:
    """Return how a project of buildout is deployed."""
    return Stack(
        name=NAME,
        title="Plone, or another project of buildout",
        questions=(
            Question(
                name="BUILDOUT",
                text="buildout on the server: a command, or its path. Without it, bin/buildout of the "
                "release.",
                example="/opt/plone/bin/buildout",
                optional=True,
            ),
            # Plone keeps its database there.
            shared_paths_question(project, ["var/"]),
            Question(
                name="SUPERVISOR_PROGRAMS",
                text="The programs of supervisor that run the site.",
                check=check_words,
            ),
            smoke_url(),
        ),
        install=("plone-buildout",),
        restart=("restart-supervisor", "smoke-test"),
    )
