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
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.deploy.project.cookbook import RECIPES, Cookbook
from bootstrapper.deploy.project.fault import Fault, Faulty, faulty, suggestion
from bootstrapper.deploy.project.flag import Flag
from bootstrapper.deploy.project.recipe import Recipe
from bootstrapper.deploy.project.schema import Share
from bootstrapper.deploy.project.setting import ENGINE, PROCESS, Value, environment
from bootstrapper.errors import InputError

FILE = "deploy/deployments.toml"  # in a project


@dataclass(frozen=True, kw_only=True)
class StageEntry:
    """One of a deployment's stages; `recipe` is a name. Times in seconds, None is no limit."""

    recipe: str
    name: str
    timeout: float | None
    idle_timeout: float | None
    line: int


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """`settings` are those of all deployments, then its own; `secrets` are names without values.

    `line` is where it begins, `lines` where each of its settings, secrets and flags stands.
    """

    name: str
    branch: str
    stages: tuple[StageEntry, ...]
    timeout: float | None
    idle_timeout: float | None
    on_failure: str
    batch: Share
    max_failures: int
    settings: Mapping[str, Value]
    secrets: tuple[str, ...]
    flags: Mapping[str, Flag]
    line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def hosts(self) -> tuple[str, ...]:
        """REMOTE_HOSTS, or REMOTE_HOST alone; none where nothing is pushed to a host."""
        hosts = self.settings.get("REMOTE_HOSTS") or self.settings.get("REMOTE_HOST") or ()
        return (hosts,) if isinstance(hosts, str) else hosts

    @property
    def environment(self) -> dict[str, str]:
        """The settings, secrets apart, as a stage's environment has them.

        REMOTE_HOST is the first of several hosts.
        """
        values = {name: environment(value) for name, value in self.settings.items()}
        return {**values, "REMOTE_HOST": self.hosts[0]} if self.hosts else values


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What deployments.toml says. `default` is empty if several deployments have none."""

    path: Path
    default: str
    deployments: Mapping[str, Deployment]

    def deployment(self, name: str = "") -> Deployment:
        """The deployment of that name, without one the default. Raises InputError."""
        names = ", ".join(self.deployments)
        if not name and not self.default:
            raise InputError(FILE, "names no default deployment, and the command names none",
                             f"name one of {names}, or put a line above the first [table]: "
                             f'default = "{next(iter(self.deployments))}"')
        name = name or self.default
        if name not in self.deployments:
            raise InputError(FILE, f'has no deployment "{name}"'
                             f"{suggestion(name, self.deployments)}", f"name one of {names}")
        return self.deployments[name]


def read(project: Path) -> Definition:
    """What the project's deployments.toml says. Raises Faulty, which names every fault in it."""
    from bootstrapper.deploy.project.definition_reader import Reader  # it builds what stands here

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
                next_step=f"`python -m bootstrapper cookbook` lists the recipes, {RECIPES}/ takes "
                          "more"))
            continue
        recipes.append(recipe)
        for name in recipe.needs:
            if not (values.get(name) or name in ENGINE | PROCESS or stage.name in skip
                    or _told_otherwise(name, deployment)):
                lacking.setdefault(name, []).append(stage)
    for name, stages in lacking.items():
        found.append(_lack(name, stages, deployment, values))
    if found:
        raise faulty(found)
    return recipes


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
