"""What a push of a deployment may be told: its flags and its stages, wherever they are written."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied

from .models import Flag


@dataclass(frozen=True)
class Definition:
    """Flags (unsaved ones, of a tied deployment) and names of stages, in order."""

    flags: list[Flag]
    stages: list[str]


def definition(deployment):
    """Return what is known of it: of a tied one, what the last look at its file found."""
    if not deployment.tied:
        return Definition(
            list(deployment.flags.all()),
            list(deployment.stages.filter(enabled=True).values_list("name", flat=True)))
    read = read_definition(deployment)
    if read is None:
        return Definition([], [])
    return Definition(
        [Flag(name=flag["name"], description=flag["description"], default=flag["default"],
              kind=Flag.Kind.SWITCH if flag["switch"] else Flag.Kind.TEXT)
         for flag in read["flags"]],
        [stage["name"] for stage in read["stages"]])


def refuse_tied(deployment):
    """Raise PermissionDenied where what a page would change is the repository's to say."""
    if deployment.tied:
        raise PermissionDenied("It is tied to deploy/deployments.toml in its repository, which "
                               "says this: change it there.")


def reading_fault(deployment):
    """Return why the last look at a tied deployment's file, on its branch, told nothing; or ""."""
    survey = deployment.surveys.filter(ref=deployment.branch).first()
    return survey.fault if survey else ""


def read_definition(deployment):
    """Return Survey.definition of the newest look at a tied deployment's file, or None."""
    surveys = deployment.surveys.filter(definition__isnull=False)
    # That of its own branch, where there is one: others are of what somebody thought of pushing.
    found = surveys.filter(ref=deployment.branch).first() or surveys.order_by("-answered").first()
    return found.definition if found else None
