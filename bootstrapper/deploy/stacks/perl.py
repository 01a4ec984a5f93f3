"""Perl: modules by Carton, and a service that runs the application."""

from pathlib import Path

from bootstrapper.deploy.stacks.project_file import first_of
from bootstrapper.deploy.stacks.questions import smoke_url, systemd_units
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "perl"
_LISTS = ("cpanfile", "cpanfile.snapshot")


def evidence(project: Path) -> str:
    """Return the file that shows that the project is one of Perl, or an empty string."""
    programs = sorted(path.name for path in project.glob("*.psgi") if path.is_file())
    return first_of(project, *_LISTS) or "".join(programs[:1])


def describe(project: Path) -> Stack:
    """Return how a Perl project is deployed."""
    has_carton = bool(first_of(project, *_LISTS))
    carton = Question(
        name="CARTON",
        text="Carton on the server: a command, or its path. Without it, carton.",
        example="/usr/local/bin/carton",
        optional=True,
    )
    lacks_snapshot = has_carton and not first_of(project, "cpanfile.snapshot")
    return Stack(
        name=NAME,
        title="Perl",
        questions=(
            *([carton] if has_carton else []),
            shared_paths_question(project),
            systemd_units("mysite.service", "the application, which otherwise keeps its old code."),
            smoke_url(),
        ),
        install=("perl-carton",) if has_carton else (),
        restart=("restart-systemd", "smoke-test"),
        notes=("perl-carton needs cpanfile.snapshot: carton install && git add cpanfile.snapshot",)
        if lacks_snapshot
        else (),
    )
