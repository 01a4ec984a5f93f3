"""The stages of a deployment: their order, and a summary of each."""

from dataclasses import dataclass

from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.plan.prepare import provides

from cookbook.catalog import parse_code, problem_texts
from history.models import record_change

from .models import Stage


def reorder_stages(deployment, wanted, user):
    """Put the stages into the order of the keys; stages whose keys are missing come last.

    Ignores keys of other deployments.
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
    """A stage as the list shows it; ``needs`` are pairs (name, whether the deployment has it)."""

    stage: Stage
    summary: str
    needs: list[tuple[str, bool]]
    fault: str = ""


def summarize_stages(deployment, catalog):
    """Return a StageSummary of each stage of the deployment."""
    given = {
        setting.name: setting.text or setting.encrypted for setting in deployment.settings.all()
    }
    given |= {
        flag.name: "given" for flag in deployment.flags.all()
    }  # a push can set it to any text
    return [_summarize(stage, catalog, given) for stage in deployment.stages.all()]


def _summarize(stage, catalog, given):
    try:
        recipe = catalog.get(stage.recipe) if stage.recipe else parse_code(stage)
    except DefinitionError as error:
        return StageSummary(stage, "", [], "; ".join(problem_texts(error)))
    if recipe is None:
        return StageSummary(stage, "", [], "the cookbook has no such recipe")
    return StageSummary(
        stage, recipe.summary, [(name, provides(name, given, {})) for name in recipe.needs]
    )
