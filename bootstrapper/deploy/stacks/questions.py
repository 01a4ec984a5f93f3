"""The questions that several stacks ask."""

from pathlib import Path

from bootstrapper.deploy.stacks.checks import check_urls, check_words
from bootstrapper.deploy.stacks.node import assets_command
from bootstrapper.deploy.stacks.stack import Question


def build_command(default: str, what: str) -> Question:
    """Return the question for the command that builds what git does not hold."""
    return Question(
        name="BUILD_COMMAND",
        text=f"The command that builds {what}. It runs in the checkout on the deploying machine. "
        "Without it, the repository has all that the server needs.",
        default=default,
        example="make",
        optional=True,
        stage="build-checkout",
    )


def assets_question(project: Path) -> list[Question]:
    """Return the question for the style sheets and scripts that package.json builds, if it builds any."""
    what = "the style sheets and scripts that package.json names, if git does not hold them"
    command = assets_command(project)
    return [build_command(command, what)] if command else []


def systemd_units(example: str, why: str) -> Question:
    """Return the question for the services to restart after the switch."""
    return Question(
        name="SYSTEMD_UNITS",
        text=f"Services on the server to restart when the release is live: {why}",
        example=example,
        optional=True,
        stage="restart-systemd",
        check=check_words,
    )


def smoke_url(default: str = "") -> Question:
    """Return the question for the address that a push requests at its end."""
    return Question(
        name="SMOKE_URL",
        text="An address of the site. The push requests it at the end, and fails unless the answer is 200.",
        default=default,
        check=check_urls,
    )
