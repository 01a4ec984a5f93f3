"""The flags and stages that a push form offers, from rows or from a tied deployment's file."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied

from .models import Flag


@dataclass(frozen=True)
class Definition:
    """Flags, which are unsaved for a tied deployment, and names of stages in order."""

    flags: list[Flag]
    stages: list[str]


def definition(deployment):
    """Return the Definition; that of a tied deployment is what its file was last seen to hold."""
    if not deployment.tied:
        return Definition(
            list(deployment.flags.all()),
            list(deployment.stages.filter(enabled=True).values_list("name", flat=True)),
        )
    read = read_definition(deployment)
    if read is None:
        return Definition([], [])
    return Definition(
        [
            Flag(
                name=flag["name"],
                description=flag["description"],
                default=flag["default"],
                kind=Flag.Kind.SWITCH if flag["switch"] else Flag.Kind.TEXT,
            )
            for flag in read["flags"]
        ],
        [stage["name"] for stage in read["stages"]],
    )


def refuse_tied(deployment):
    """Raise PermissionDenied if the deployment is tied: a page must not change its rows."""
    if deployment.tied:
        raise PermissionDenied(
            "This deployment is tied to deploy/deployments.toml in its repository: change it there."
        )


def reading_fault(deployment):
    """Return why the file of a tied deployment could not be read on its branch; "" if it could."""
    survey = deployment.surveys.filter(ref=deployment.branch).first()
    return survey.fault if survey else ""


def read_definition(deployment):
    """Return the newest Survey.definition of a tied deployment, or None."""
    surveys = deployment.surveys.filter(definition__isnull=False)
    # Surveys of other branches are of commits that nobody may have pushed.
    found = surveys.filter(ref=deployment.branch).first() or surveys.order_by("-answered").first()
    return found.definition if found else None
