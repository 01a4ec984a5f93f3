"""Judge a deployment before anything runs: its recipes, secrets and flags, all in one pass."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bootstrapper.deploy.definition import flag, reader, secret
from bootstrapper.deploy.definition.deployment import Deployment, StageEntry
from bootstrapper.deploy.definition.flag import Flag
from bootstrapper.deploy.definition.known_setting import unfit
from bootstrapper.deploy.definition.problems import (
    DefinitionError,
    Problem,
    definition_error,
)
from bootstrapper.deploy.definition.secret import Secrets
from bootstrapper.deploy.definition.setting import ENGINE, PROCESS
from bootstrapper.deploy.machine.directory import machine_name, user_name
from bootstrapper.deploy.plan.plan import Plan, Stage
from bootstrapper.deploy.recipes.catalog import RecipeCatalog
from bootstrapper.deploy.recipes.recipe import Recipe
from bootstrapper.git_ref import check_ref
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted
from bootstrapper.spelling import did_you_mean, nearest


class RecipeSource(Protocol):
    """Where stages find their recipes: a project's files, or rows of Rolf's database."""

    @property
    def names(self) -> list[str]:
        """The names that a stage can have written."""

    def of_stage(self, stage: StageEntry) -> Recipe | None:
        """Return a stage's recipe, None if there is none. Raise DefinitionError if it is broken."""

    def shadows(self, name: str) -> bool:
        """Return whether the recipe of that name hides a shipped one."""


@dataclass(frozen=True, kw_only=True)
class PreparedDeployment:
    """A deployment with the code of its stages and its values; sound, as far as files can tell.

    `project` is the directory that holds `.deploy/`.
    """

    project: Path
    deployment: Deployment
    stages: tuple[Stage, ...]
    settings: Mapping[str, str]
    flags: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    resolves_git: bool

    def mask(self, text: str) -> str:
        """Return text without secrets, to print or to keep."""
        if not self.secrets:
            return text
        from bootstrapper.deploy.masking.masker import (
            SecretMasker,  # most deployments don't wait for it
        )

        return SecretMasker(self.secrets).mask(text)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that are pushed to, in order."""
        return self.deployment.hosts

    def plan(
        self,
        *,
        number: int,
        comment: str,
        ref: str,
        commit: str,
        who: str = "",
    ) -> Plan:
        """Return the push of that number, by `who`: without a name, by the login that runs this.

        Raise InputError if `ref` could not be the name of a branch, tag or commit.
        """
        return Plan(
            id=number,
            deployment=self.deployment.name,
            comment=self.mask(comment),
            user=who or user_name(),
            deployment_id=self.deployment.id,
            machine=machine_name(),
            ref=check_ref(ref),
            commit=commit,
            stages=self.stages,
            settings=self.settings,
            flags=self.flags,
            secret_names=self.deployment.secrets,
            secrets=self.secrets,
            hosts=self.hosts,
            release=number,
            on_failure=self.deployment.on_failure,
            batch=self.deployment.batch.of(len(self.hosts)) if self.hosts else 0,
            max_failures=self.deployment.max_failures,
        )


def prepare_project(
    project: Path,
    name: str,
    environ: Mapping[str, str],
    *,
    flags: Iterable[str] = (),
    skip: Collection[str] = (),
) -> PreparedDeployment:
    """Read the files of a project and prepare the deployment `name`, the default one if empty.

    Raise DefinitionError, which names every problem of every file and of the command.
    """
    deployment, problems = reader.read(project).find(name)
    if deployment is None:
        raise definition_error(problems)
    return prepare(
        project,
        deployment,
        RecipeCatalog(project),
        secret.read(project, deployment, environ),
        flags=flags,
        skip=skip,
        problems=problems,
    )


def prepare(
    project: Path,
    deployment: Deployment,
    recipes: RecipeSource,
    secrets: Secrets,
    *,
    flags: Iterable[str] = (),
    skip: Collection[str] = (),
    skip_reason: str = "skipped by --skip",
    problems: Iterable[Problem] = (),
) -> PreparedDeployment:
    """Return the deployment ready to be pushed.

    `flags` are words of the command line ("NAME", "NAME=VALUE"), `skip` names of stages: these must
    exist, but need nothing. `problems` are those that are known already, of the file or the rows.
    Raise DefinitionError, which names these and every other problem.
    """
    given, flag_problems = flag.values(deployment.flags, flags, deployment.name)
    plain = deployment.environment
    values = {**plain, **secrets, **given}
    found = [*problems, *secrets.problems, *flag_problems, *_unknown_stages(deployment, skip)]
    found += secret.exposed(deployment, {**plain, **given}, secrets)
    pairs: list[tuple[StageEntry, Recipe]] = []
    for stage in deployment.stages:
        try:
            recipe = recipes.of_stage(stage)
        except DefinitionError as error:
            found += error.problems
            continue
        if recipe is None:
            found.append(_unknown_recipe(deployment, stage, recipes.names))
        else:
            pairs.append((stage, recipe))
    needy = [(stage, recipe) for stage, recipe in pairs if stage.name not in skip]
    found += _unfit(deployment, (recipe for _, recipe in needy), values)
    found += _lacking(deployment, needy, values)
    if found:
        raise definition_error(found)
    return PreparedDeployment(
        project=project,
        deployment=deployment,
        stages=tuple(
            _stage(
                stage,
                recipe,
                deployment,
                shadows=recipes.shadows(stage.recipe),
                skipped=skip_reason if stage.name in skip else "",
            )
            for stage, recipe in pairs
        ),
        settings=plain,
        flags=given,
        secrets=secrets,
        resolves_git=bool(deployment.settings.get("REPOSITORY"))
        and any(recipe.resolves == "git" for _, recipe in pairs),
    )


def _stage(
    entry: StageEntry, recipe: Recipe, deployment: Deployment, *, shadows: bool, skipped: str
) -> Stage:
    return Stage(
        name=entry.name,
        recipe=entry.recipe,
        language=recipe.language,
        code=recipe.code,
        origin=recipe.origin,
        shadows=shadows,
        per_host=recipe.per_host,
        switches=recipe.switches,
        from_release=recipe.from_release,
        hides=recipe.hides,
        shows=recipe.shows,
        timeout=deployment.timeout if entry.timeout is None else entry.timeout,
        idle_timeout=deployment.idle_timeout if entry.idle_timeout is None else entry.idle_timeout,
        skipped=skipped,
    )


def provides(name: str, values: Mapping[str, str], flags: Mapping[str, Flag]) -> bool:
    """Return whether a stage that needs the variable `name` gets it.

    Empty text counts as missing, except for a boolean flag, which is empty when it is off.
    """
    given = flags.get(name)
    return (
        bool(values.get(name)) or name in ENGINE | PROCESS or (given is not None and given.boolean)
    )


def _unknown_stages(deployment: Deployment, skip: Collection[str]) -> list[Problem]:
    names = [stage.name for stage in deployment.stages]
    return [
        Problem(
            file=f"--skip {name}",
            text=f"no stage of {deployment.name} is called {name}{did_you_mean(name, names)}",
            next_step=f"{PROGRAM} deploy {deployment.name} "
            + (f"--skip {quoted(near)}" if (near := nearest(name, names)) else "--dry-run")
            + f"  # --skip takes: {', '.join(names)}",
        )
        for name in skip
        if name not in names
    ]


def _unknown_recipe(deployment: Deployment, stage: StageEntry, known: Collection[str]) -> Problem:
    of_stage = f' (stage "{stage.name}")' if stage.name != stage.recipe else ""
    return Problem(
        file=deployment.file,
        line=stage.line,
        text=f'no recipe is called "{stage.recipe}"{of_stage}{did_you_mean(stage.recipe, known)}',
        next_step=f"{PROGRAM} cookbook  # lists the recipes",
    )


def _unfit(
    deployment: Deployment, recipes: Iterable[Recipe], values: Mapping[str, str]
) -> list[Problem]:
    """Return values that shipped recipes can't take; other recipes may use the same names freely."""
    found = unfit((recipe.code for recipe in recipes if recipe.shipped), values)
    return [
        Problem(file=deployment.file, line=deployment.lines.get(name, 0), text=f"{name}: {text}")
        for name, text in found.items()
    ]


def _lacking(
    deployment: Deployment,
    stages: Sequence[tuple[StageEntry, Recipe]],
    values: Mapping[str, str],
) -> list[Problem]:
    """Return the variables that stages need and do not get, each once.

    A secret without a value, and a setting with a wrong one, are problems already.
    """
    known = {*deployment.secrets, *deployment.invalid}
    lacking: dict[str, list[StageEntry]] = {}
    for stage, recipe in stages:
        for name in recipe.needs:
            if name not in known and not provides(name, values, deployment.flags):
                lacking.setdefault(name, []).append(stage)
    return [_lack(name, needy, deployment, values) for name, needy in lacking.items()]


def _needed(stages: Sequence[str]) -> str:
    """Return the words for what the stages need: each of two, or the first and how many others."""
    match len(stages):
        case 1:
            return f"the stage {stages[0]} needs"
        case 2:
            return f"the stages {stages[0]} and {stages[1]} need"
    return f"the stage {stages[0]} and {len(stages) - 1} others need"


def _lack(
    name: str, stages: Sequence[StageEntry], deployment: Deployment, values: Mapping[str, str]
) -> Problem:
    needed = _needed([f'"{stage.name}"' for stage in stages])
    if name in deployment.flags:
        text = f"{needed} the flag {name}, which is empty"
        next_step = flag.with_text(deployment.name, name)
    elif name in values:
        text = f"{needed} the setting {name}, which is empty"
        if line := deployment.lines.get(name):
            text = f"{needed} the setting {name}, which is empty (line {line})"
        next_step = ""
    else:
        near = [each for each in values if each not in deployment.flags]
        text = f"{needed} the setting {name}, which this deployment doesn't have"
        text += did_you_mean(name, near)
        next_step = (
            f"${{EDITOR:-vi}} {deployment.file}"
            f'  # [deployments.{deployment.name}.settings]: {name} = "…"'
            if deployment.file
            else ""
        )
    return Problem(file=deployment.file, line=stages[0].line, text=text, next_step=next_step)
