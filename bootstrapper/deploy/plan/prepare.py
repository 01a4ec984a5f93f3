"""From what a project's files say to what a push is made of, every fault told before it begins."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from bootstrapper.deploy.definition import flag, reader, secret
from bootstrapper.deploy.definition.deployment import FILE, Deployment, StageEntry
from bootstrapper.deploy.definition.known_setting import unfit
from bootstrapper.deploy.definition.problems import DefinitionError, Problem, definition_error
from bootstrapper.deploy.definition.setting import ENGINE, PROCESS
from bootstrapper.deploy.machine.directory import machine_name, user_name
from bootstrapper.deploy.plan.plan import Plan, Stage
from bootstrapper.deploy.recipes.catalog import RECIPES, RecipeCatalog
from bootstrapper.deploy.recipes.recipe import Recipe
from bootstrapper.errors import InputError
from bootstrapper.git_ref import check_ref
from bootstrapper.program import PROGRAM
from bootstrapper.spelling import did_you_mean


@dataclass(frozen=True, kw_only=True)
class PreparedDeployment:
    """A deployment with its stages' code and its values; sound, as far as files can tell."""

    project: Path
    deployment: Deployment
    stages: tuple[Stage, ...]
    settings: Mapping[str, str]
    flags: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    resolves_git: bool

    @classmethod
    def of(
        cls,
        project: Path,
        name: str,
        environ: Mapping[str, str],
        *,
        flags: Iterable[str] = (),
        skip: Collection[str] = (),
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """What the project's files say of the deployment `name` (the default one if empty).

        `flags` are words of the command line, `skip` the stages that are not to be run; `settings`
        come from elsewhere and go before the file's. Raises InputError, with every fault of every
        file.
        """
        deployment = reader.read(project).deployment(name)
        deployment = replace(deployment, settings={**deployment.settings, **settings})
        for stage in skip:
            names = [entry.name for entry in deployment.stages]
            if stage not in names:
                raise InputError(
                    f"--skip {stage}",
                    f"{deployment.name} has no such stage{did_you_mean(stage, names)}",
                    f"one of: {', '.join(names)}",
                )
        given = flag.values(deployment.flags, flags, deployment.name)
        secrets = secret.read(project, deployment, environ)
        cookbook = RecipeCatalog(project)
        known = deployment.environment
        faults = [*secrets.faults, *secret.held_by({**known, **given}, secrets, deployment.lines)]
        recipes = check(
            deployment, cookbook, {**known, **secrets, **given}, skip=skip, faults=faults
        )
        stages = tuple(
            _stage(
                project,
                entry,
                recipe,
                deployment,
                shadows=cookbook.shadows(entry.recipe),
                skipped="skipped by --skip" if entry.name in skip else "",
            )
            for entry, recipe in zip(deployment.stages, recipes, strict=True)
        )
        return cls(
            project=project,
            deployment=deployment,
            stages=stages,
            flags=given,
            secrets=secrets,
            settings=known,
            resolves_git="REPOSITORY" in deployment.settings
            and any(recipe.resolves == "git" for recipe in recipes),
        )

    def mask(self, text: str) -> str:
        """Text that is told or kept, without secrets."""
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
        deployment_id: str = "",
    ) -> Plan:
        """The push of that number, by `who`: without a name, by the login that runs this.

        Raises InputError if `ref` could not be the name of a branch, tag or commit.
        """
        return Plan(
            id=number,
            deployment=self.deployment.name,
            comment=self.mask(comment),
            user=who or user_name(),
            deployment_id=deployment_id,
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


def _stage(
    project: Path,
    entry: StageEntry,
    recipe: Recipe,
    deployment: Deployment,
    *,
    shadows: bool,
    skipped: str,
) -> Stage:
    origin = "cookbook" if recipe.path is None else os.path.relpath(recipe.path, project)
    return Stage(
        name=entry.name,
        recipe=recipe.name,
        language=recipe.language,
        code=recipe.code,
        origin=origin,
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


def check(
    deployment: Deployment,
    cookbook: RecipeCatalog,
    values: Mapping[str, str],
    *,
    skip: Collection[str] = (),
    faults: Sequence[Problem] = (),
) -> list[Recipe]:
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
        except DefinitionError as error:
            found += error.faults
            continue
        if recipe is None:
            found.append(
                Problem(
                    file=FILE,
                    line=stage.line,
                    text=f'no recipe is called "{stage.recipe}"'
                    f"{did_you_mean(stage.recipe, cookbook.names)}",
                    next_step=f"`{PROGRAM} cookbook` lists the recipes, {RECIPES}/ takes more",
                )
            )
            continue
        recipes.append(recipe)
        for name in recipe.needs:
            if not (
                values.get(name)
                or name in ENGINE | PROCESS
                or stage.name in skip
                or _told_otherwise(name, deployment)
            ):
                lacking.setdefault(name, []).append(stage)
    found += _unfit(deployment, recipes, values, skip)
    for name, stages in lacking.items():
        found.append(_lack(name, stages, deployment, values))
    if found:
        raise definition_error(found)
    return recipes


def _unfit(
    deployment: Deployment,
    recipes: Sequence[Recipe],
    values: Mapping[str, str],
    skip: Collection[str],
) -> list[Problem]:
    """What recipes of ours can't take; a project's own may use the same name for what it likes."""
    skipped = {stage.recipe for stage in deployment.stages if stage.name in skip}
    told = unfit(
        (recipe.code for recipe in recipes if recipe.path is None and recipe.name not in skipped),
        values,
    )
    return [
        Problem(file=FILE, line=deployment.lines.get(name, 0), text=f"{name}: {text}")
        for name, text in told.items()
    ]


def _told_otherwise(name: str, deployment: Deployment) -> bool:
    """A secret without a value is told by the secrets; a boolean flag that is off is empty."""
    flag = deployment.flags.get(name)
    return name in deployment.secrets or (flag is not None and flag.boolean)


def _lack(
    name: str, stages: Sequence[StageEntry], deployment: Deployment, values: Mapping[str, str]
) -> Problem:
    recipes = list(dict.fromkeys(f'"{stage.recipe}"' for stage in stages))
    needed = (
        f"the recipe {recipes[0]} needs"
        if len(recipes) == 1
        else f"the recipes {', '.join(recipes[:-1])} and {recipes[-1]} need"
    )
    if name in deployment.flags:
        return Problem(
            file=FILE,
            line=stages[0].line,
            text=f"{needed} the flag {name}, which is empty",
            next_step=f"add --flag {name}=TEXT",
        )
    table = f"[deployments.{deployment.name}.settings]"
    if name in values:
        return Problem(
            file=FILE,
            line=stages[0].line,
            text=f"{needed} the setting {name}, which is "
            f"empty (line {deployment.lines.get(name, 0)})",
        )
    near = [each for each in values if each not in deployment.flags]
    return Problem(
        file=FILE,
        line=stages[0].line,
        text=f"{needed} the setting {name}, which {table} doesn't have{did_you_mean(name, near)}",
    )
