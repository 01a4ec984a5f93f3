"""Perl: modules by Carton, and a service that runs the application."""

from pathlib import Path

from bootstrapper.deploy.stacks.project_file import first_of
from bootstrapper.deploy.stacks.questions import assets_question, smoke_url, systemd_units
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "perl"
_LISTS = ("cpanfile", "cpanfile.snapshot")
_INSTALLERS = ("Makefile.PL", "Build.PL", "dist.ini")


def evidence(project: Path) -> str:
    """Return the file that shows that the project is one of Perl, or an empty string."""
    programs = [
        str(path.relative_to(project))
        for pattern in ("*.psgi", "bin/*.psgi", "script/*.psgi")
        for path in sorted(project.glob(pattern))
        if path.is_file()
    ]
    return first_of(project, *_LISTS) or "".join(programs[:1]) or first_of(project, *_INSTALLERS)


def describe(project: Path) -> Stack:
    """Return how a Perl project is deployed."""
    has_carton = bool(first_of(project, *_LISTS))
    carton = Question(
        name="CARTON",
        text="Carton on the server: a command, or its path. Without it, carton.",
        example="/usr/local/bin/carton",
        optional=True,
    )
    notes = []
    if not has_carton:
        notes.append("there is no cpanfile, so no stage installs modules")
    elif not first_of(project, "cpanfile.snapshot"):
        notes.append(
            "perl-carton needs cpanfile.snapshot: carton install && git add cpanfile.snapshot"
        )
    return Stack(
        name=NAME,
        title="Perl",
        questions=(
            *assets_question(project),
            *([carton] if has_carton else []),
            shared_paths_question(project),
            systemd_units("mysite.service", "the application, which otherwise keeps its old code."),
            smoke_url(),
        ),
        build=("build-checkout",) if assets_question(project) else (),
        install=("perl-carton",) if has_carton else (),
        restart=("restart-systemd", "smoke-test"),
        notes=tuple(notes),
    )
