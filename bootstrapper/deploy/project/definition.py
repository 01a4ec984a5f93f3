"""deploy/deployments.toml: what a push does, as the people of a project wrote it down.

    default = "production"

    [settings]                                  # for every deployment
    REPOSITORY = "git@git.example.org:mysite.git"

    [deployments.production]
    branch = "main"
    stages = ["clear-checkout", "git-clone", "git-tag", "rsync-release", "bootstrap",
              "activate-release", { recipe = "smoke-test", timeout = "2m" }]

    [deployments.production.settings]
    REMOTE_HOST = "deploy@app1.example.org"
    SENTRY_DSN = { secret = true }

Its keys: schema.py. Its faults are told all at once, each with its line.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from bootstrapper.deploy.project.cookbook import RECIPES, Cookbook
from bootstrapper.deploy.project.definition_reader import Reader
from bootstrapper.deploy.project.deployment import FILE, Definition, Deployment, StageEntry
from bootstrapper.deploy.project.fault import Fault, Faulty, faulty, suggestion
from bootstrapper.deploy.project.known_setting import unfit
from bootstrapper.deploy.project.recipe import Recipe
from bootstrapper.deploy.project.setting import ENGINE, PROCESS
from bootstrapper.invocation import PROGRAM


def read(project: Path) -> Definition:
    """What the project's deployments.toml says. Raises Faulty, which names every fault in it."""
    return Reader(project / FILE).definition()


def check(deployment: Deployment, cookbook: Cookbook, values: Mapping[str, str], *,
          skip: Collection[str] = (), faults: Sequence[Fault] = ()) -> list[Recipe]:
    """The recipes of the deployment's stages, in order, when all that they need is there.

    `values` are the deployment's `environment`, secrets and flags together. Raises Faulty, which
    names every unknown stage, every fault in a recipe, every setting that one needs and `values`
    lacks, and with them `faults` (of the secrets). A stage in `skip` must exist, but needs nothing.
    """
    found = list(faults)
    recipes: list[Recipe] = []
    lacking: dict[str, list[StageEntry]] = {}
    for stage in deployment.stages:
        try:
            recipe = cookbook.get(stage.recipe)
        except Faulty as error:
            found += error.faults
            continue
        if recipe is None:
            found.append(Fault(
                file=FILE, line=stage.line,
                text=f'no recipe is called "{stage.recipe}"'
                     f"{suggestion(stage.recipe, cookbook.names)}",
                next_step=f"`{PROGRAM} cookbook` lists the recipes, {RECIPES}/ takes "
                          "more"))
            continue
        recipes.append(recipe)
        for name in recipe.needs:
            if not (values.get(name) or name in ENGINE | PROCESS or stage.name in skip
                    or _told_otherwise(name, deployment)):
                lacking.setdefault(name, []).append(stage)
    found += _unfit(deployment, recipes, values, skip)
    for name, stages in lacking.items():
        found.append(_lack(name, stages, deployment, values))
    if found:
        raise faulty(found)
    return recipes


def _unfit(deployment: Deployment, recipes: Sequence[Recipe], values: Mapping[str, str],
           skip: Collection[str]) -> list[Fault]:
    """What recipes of ours can't take; a project's own may use the same name for what it likes."""
    skipped = {stage.recipe for stage in deployment.stages if stage.name in skip}
    told = unfit((recipe.code for recipe in recipes
                  if recipe.path is None and recipe.name not in skipped), values)
    return [Fault(file=FILE, line=deployment.lines.get(name, 0), text=f"{name}: {text}")
            for name, text in told.items()]


def _told_otherwise(name: str, deployment: Deployment) -> bool:
    """A secret without a value is told by the secrets; a boolean flag that is off is empty."""
    flag = deployment.flags.get(name)
    return name in deployment.secrets or (flag is not None and flag.boolean)


def _lack(name: str, stages: Sequence[StageEntry], deployment: Deployment,
          values: Mapping[str, str]) -> Fault:
    recipes = list(dict.fromkeys(f'"{stage.recipe}"' for stage in stages))
    needed = (f"the recipe {recipes[0]} needs" if len(recipes) == 1 else
              f"the recipes {', '.join(recipes[:-1])} and {recipes[-1]} need")
    if name in deployment.flags:
        return Fault(file=FILE, line=stages[0].line, text=f"{needed} the flag {name}, which is "
                     "empty", next_step=f"add --flag {name}=TEXT")
    table = f"[deployments.{deployment.name}.settings]"
    if name in values:
        return Fault(file=FILE, line=stages[0].line, text=f"{needed} the setting {name}, which is "
                     f"empty (line {deployment.lines.get(name, 0)})")
    near = [each for each in values if each not in deployment.flags]
    return Fault(file=FILE, line=stages[0].line, text=f"{needed} the setting {name}, which {table} "
                 f"doesn't have{suggestion(name, near)}")
