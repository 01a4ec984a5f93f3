"""From what a project's files say to what a push is made of, every fault told before it begins."""

import getpass
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from bootstrapper.deploy.plan import Plan, Stage
from bootstrapper.deploy.project import definition, flag, secret
from bootstrapper.deploy.project.cookbook import Cookbook
from bootstrapper.deploy.project.deployment import Deployment, StageEntry
from bootstrapper.deploy.project.fault import suggestion
from bootstrapper.deploy.project.recipe import Recipe
from bootstrapper.deploy.project.ref import check_ref
from bootstrapper.deploy.target import holder
from bootstrapper.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """A deployment with its stages' code and its values; sound, as far as files can tell."""

    project: Path
    deployment: Deployment
    stages: tuple[Stage, ...]
    settings: Mapping[str, str]
    flags: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    resolves_git: bool

    @classmethod
    def of(cls, project: Path, name: str, environ: Mapping[str, str], *,
           flags: Iterable[str] = (), skip: Collection[str] = (),
           settings: Mapping[str, str] = MappingProxyType({})) -> Self:
        """What the project's files say of the deployment `name` (the default one if empty).

        `flags` are words of the command line, `skip` the stages that are not to be run; `settings`
        come from elsewhere and go before the file's. Raises InputError, with every fault of every
        file.
        """
        deployment = definition.read(project).deployment(name)
        deployment = replace(deployment, settings={**deployment.settings, **settings})
        for stage in skip:
            names = [entry.name for entry in deployment.stages]
            if stage not in names:
                raise InputError(f"--skip {stage}", f"{deployment.name} has no such stage"
                                 f"{suggestion(stage, names)}", f"one of: {', '.join(names)}")
        given = flag.values(deployment.flags, flags, deployment.name)
        secrets = secret.read(project, deployment, environ)
        cookbook = Cookbook(project)
        known = deployment.environment
        faults = [*secrets.faults,
                  *secret.held_by({**known, **given}, secrets, deployment.lines)]
        recipes = definition.check(deployment, cookbook, {**known, **secrets, **given},
                                   skip=skip, faults=faults)
        stages = tuple(
            _stage(project, entry, recipe, deployment, shadows=cookbook.shadows(entry.recipe),
                   skipped="skipped by --skip" if entry.name in skip else "")
            for entry, recipe in zip(deployment.stages, recipes, strict=True))
        return cls(
            project=project, deployment=deployment, stages=stages, flags=given, secrets=secrets,
            settings=known,
            resolves_git="REPOSITORY" in deployment.settings and any(
                recipe.resolves == "git" for recipe in recipes))

    def mask(self, text: str) -> str:
        """Text that is told or kept, without secrets."""
        if not self.secrets:
            return text
        from bootstrapper.deploy.masking import Masking  # most deployments don't wait for it

        return Masking(self.secrets).mask(text)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that are pushed to, in order."""
        return self.deployment.hosts

    def plan(self, *, number: int, comment: str, ref: str, commit: str, who: str = "",
             deployment_id: str = "") -> Plan:
        """The push of that number, by `who`: without a name, by the login that runs this.

        Raises InputError if `ref` could not be the name of a branch, tag or commit.
        """
        return Plan(
            id=number, deployment=self.deployment.name, comment=self.mask(comment),
            user=who or user(), deployment_id=deployment_id,
            machine=holder.machine(), ref=check_ref(ref), commit=commit, stages=self.stages,
            settings=self.settings, flags=self.flags, secret_names=self.deployment.secrets,
            secrets=self.secrets, hosts=self.hosts, release=number,
            on_failure=self.deployment.on_failure,
            batch=self.deployment.batch.of(len(self.hosts)) if self.hosts else 0,
            max_failures=self.deployment.max_failures)


def user() -> str:
    """The login of the person who pushes."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())


def _stage(project: Path, entry: StageEntry, recipe: Recipe, deployment: Deployment, *,
           shadows: bool, skipped: str) -> Stage:
    origin = "cookbook" if recipe.path is None else os.path.relpath(recipe.path, project)
    return Stage(
        name=entry.name, recipe=recipe.name, language=recipe.language, code=recipe.code,
        origin=origin, shadows=shadows, per_host=recipe.per_host, switches=recipe.switches,
        from_release=recipe.from_release, hides=recipe.hides, shows=recipe.shows,
        timeout=deployment.timeout if entry.timeout is None else entry.timeout,
        idle_timeout=deployment.idle_timeout if entry.idle_timeout is None else entry.idle_timeout,
        skipped=skipped)


