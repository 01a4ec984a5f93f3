"""The stages of a deployment: their order, and a summary of each."""

from dataclasses import dataclass

from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.plan.prepare import provides

from cookbook.catalog import parse_code, problem_texts
from history.models import record_change

from .models import Stage


def reorder_stages(deployment, wanted, user):
    """Put the stages in the order of their keys; those that aren't named stay behind the others.

    Keys of other deployments are none of these.
    """
    stages = {stage.pk: stage for stage in deployment.stages.all()}
    known = [key for key in dict.fromkeys(wanted) if key in stages]
    order = [*known, *(key for key in stages if key not in known)]
    for position, key in enumerate(order):
        stage = stages[key]
        if stage.position != position:
            with record_change(user, stage, deployment):
                stage.position = position
                stage.save()


@dataclass(frozen=True)
class StageSummary:
    """A stage; `needs` are (name, whether the deployment has it), `fault` what is wrong with it."""

    stage: Stage
    summary: str
    needs: list[tuple[str, bool]]
    fault: str = ""


def summarize_stages(deployment, shelf):
    """Return the stages of a deployment."""
    given = {setting.name: setting.text or setting.sealed
             for setting in deployment.settings.all()}
    given |= {flag.name: "given" for flag in deployment.flags.all()}  # a push may give it any text
    return [_planned(stage, shelf, given) for stage in deployment.stages.all()]


def _planned(stage, shelf, given):
    try:
        recipe = shelf.get(stage.recipe) if stage.recipe else parse_code(stage)
    except DefinitionError as error:
        return StageSummary(stage, "", [], "; ".join(problem_texts(error)))
    if recipe is None:
        return StageSummary(stage, "", [], "the cookbook has no recipe of that name")
    return StageSummary(stage, recipe.summary,
                   [(name, provides(name, given, {})) for name in recipe.needs])
