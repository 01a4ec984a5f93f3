"""From a deployment's rows to what the engine pushes, every fault told before anything runs."""

from dataclasses import replace

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import FILE, StageEntry
from bootstrapper.deploy.definition.deployment import Deployment as EngineDeployment
from bootstrapper.deploy.definition.known_setting import unfit
from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.definition.schema import InvalidValue, Share
from bootstrapper.deploy.definition.secret import held_by
from bootstrapper.deploy.definition.setting import ENGINE, PROCESS, check_text
from bootstrapper.deploy.plan.plan import Stage as EngineStage
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.errors import InputError
from bootstrapper.spelling import did_you_mean
from django.conf import settings

from cookbook.catalog import Shelf, faults_of, parsed, shipped

from .encryption import SealError
from .models import Flag

# Settings of a tied deployment that aren't its repository's to say: how that is reached.
KEPT_HERE = ("REPOSITORY", "SSH_CONFIG")


class UnreadyError(Exception):
    """A deployment can't be pushed as it is; `faults` says why, each in a sentence."""

    def __init__(self, faults):
        """Keep every fault once."""
        self.faults = list(dict.fromkeys(faults))
        super().__init__("\n".join(self.faults))


def directory(deployment):
    """Return where its worker keeps what it needs: the engine's project."""
    return settings.WORK_DIRECTORY / str(deployment.pk)


def prepare(deployment, *, flags=None, skip=()):
    """Return the engine's Preparation. Raises UnreadyError, with every fault.

    `flags` are values by name, as stages get them; `skip` names stages that aren't to be run.
    """
    faults = []
    values, secrets = _settings(deployment, faults)
    rows = list(deployment.flags.all())
    given = _flags(rows, flags or {}, faults)
    stages = [stage for stage in deployment.stages.all() if stage.enabled]
    faults += [f'There is no stage "{name}" to skip.'
               for name in skip if name not in {stage.name for stage in stages}]
    if not stages:
        faults.append("It has no stages.")
    recipes = _recipes(stages, faults)
    engine = _deployment(deployment, stages, rows, values, secrets, faults)
    known = {**engine.environment, **secrets, **given}
    faults += _lacking(rows, stages, recipes, known, skip)
    ours = (recipes[stage.name].code for stage in stages
            if stage.recipe in shipped() and stage.name not in skip and stage.name in recipes)
    faults += [f"The setting {name}: {text}." for name, text in unfit(ours, known).items()]
    faults += [f"{fault.text}." for fault in held_by({**engine.environment, **given}, secrets, {})]
    if faults:
        raise UnreadyError(faults)
    return PreparedDeployment(
        project=directory(deployment), deployment=engine, flags=given, secrets=secrets,
        settings=engine.environment,
        stages=tuple(_stage(entry, row, recipes[row.name], "skipped by hand"
                            if row.name in skip else "")
                     for entry, row in zip(engine.stages, stages, strict=True)),
        resolves_git=bool(values.get("REPOSITORY")) and any(
            recipe.resolves == "git" for recipe in recipes.values()))


def tied(deployment, checkout, *, flags=None, skip=()):
    """Return the Preparation that the repository's own deployments.toml makes, at one commit.

    `checkout` is a directory that holds that commit's deploy/. Secrets, and where the repository
    is, come from Rolf. Raises UnreadyError.
    """
    faults = []
    values, secrets = _settings(deployment, faults)
    try:
        told = reader.read(checkout).deployment(deployment.tied_to)
        if lacking := [name for name in told.secrets if not (secrets | values).get(name)]:
            raise UnreadyError([f"{FILE} has the secret {name}, which has no value here: give the "
                                f"deployment a secret setting {name}." for name in lacking])
        read = PreparedDeployment.of(
            checkout, deployment.tied_to, {**values, **secrets}, skip=list(skip),
            settings={name: values[name] for name in KEPT_HERE if values.get(name)},
            flags=[_word(name, value, told.flags) for name, value in (flags or {}).items()])
    except DefinitionError as error:
        raise UnreadyError([str(fault) for fault in error.faults] or [error.fault]) from None
    except InputError as error:
        raise UnreadyError([f"{error.where}: {error.fault}; {error.next_step}."]) from None
    if faults:
        raise UnreadyError(faults)
    return replace(read, project=directory(deployment),
                   deployment=replace(read.deployment, name=deployment.name))


def secrets_of(deployment):
    """Return the values of its secrets, by name. Raises UnreadyError."""
    faults = []
    _, secrets = _settings(deployment, faults)
    if faults:
        raise UnreadyError(faults)
    return secrets


def bare(deployment):
    """Return a Preparation without stages: where the deployment goes today, and its values.

    Raises UnreadyError.
    """
    faults = []
    values, secrets = _settings(deployment, faults)
    rows = list(deployment.flags.all())
    engine = _deployment(deployment, (), rows, values, secrets, faults)
    if faults:
        raise UnreadyError(faults)
    return PreparedDeployment(
        project=directory(deployment), deployment=engine, stages=(), settings=engine.environment,
        flags=_flags(rows, {}, faults), secrets=secrets, resolves_git=False)


def of_plan(deployment, plan, resolves_git):
    """Return the Preparation that a plan was made of, whatever the deployment says today."""
    hosts = {"REMOTE_HOSTS": plan.hosts} if len(plan.hosts) > 1 else {}
    engine = replace(_deployment(deployment, (), deployment.flags.all(),
                                 {**plan.settings, **hosts}, plan.secrets, []),
                     on_failure=plan.on_failure, max_failures=plan.max_failures)
    return PreparedDeployment(
        project=directory(deployment), deployment=engine, stages=plan.stages,
        settings=plan.settings, flags=plan.flags, secrets=plan.secrets, resolves_git=resolves_git)


def _settings(deployment, faults):
    """Return plain values, as the engine has them, and secrets."""
    values, secrets = {}, {}
    for setting in deployment.settings.all():
        try:
            if setting.secret:
                secrets[setting.name] = setting.value
            else:
                values[setting.name] = setting.parsed
        except (InvalidValue, SealError) as error:
            faults.append(f"The setting {setting.name}: {error}.")
    faults += [f"The secret setting {name} has no value." for name, value in secrets.items()
               if not value]
    return values, secrets


def _flags(rows, flags, faults):
    """Return what stages get of each flag."""
    known = {flag.name: flag for flag in rows}
    faults += [f'There is no flag "{name}"{did_you_mean(name, known)}.'
               for name in flags if name not in known]
    given = {name: flag.of_engine.value for name, flag in known.items()}
    for name, value in flags.items():
        if name in known:
            switch = known[name].kind == Flag.Kind.SWITCH
            given[name] = ("1" if value else "") if switch else str(value)
            try:
                check_text(given[name])
            except InvalidValue as error:
                faults.append(f"The flag {name}: {error}.")
    return given


def _word(name, value, known):
    """Return what the engine's command line would say of a flag: a switch that is off is 0."""
    text = name in known and not known[name].boolean
    return f"{name}={value}" if text else f"{name}={value or 0}"


def _recipes(stages, faults):
    """Return the engine's Recipe of each stage, by the stage's name."""
    shelf, found = Shelf(), {}
    for stage in stages:
        try:
            recipe = shelf.get(stage.recipe) if stage.recipe else parsed(stage)
        except DefinitionError as error:
            faults += [f'The stage "{stage.name}": {fault}.' for fault in faults_of(error)]
            continue
        if recipe is None:
            faults.append(f'The stage "{stage.name}" names the recipe "{stage.recipe}", which the '
                          f"cookbook doesn't have{did_you_mean(stage.recipe, shelf.names)}.")
        else:
            found[stage.name] = recipe
    return found


def _lacking(flags, stages, recipes, known, skip):
    """Say which settings stages need that nobody gives."""
    switches = {flag.name for flag in flags if flag.kind == Flag.Kind.SWITCH}
    told = []
    for stage in stages:
        if stage.name in skip or stage.name not in recipes:
            continue
        for name in recipes[stage.name].needs:
            if not (known.get(name) or name in ENGINE | PROCESS or name in switches):
                what = "is empty" if name in known else "this deployment doesn't have"
                told.append(f'The stage "{stage.name}" needs the setting {name}, which {what}.')
    return told


def _deployment(deployment, stages, flags, values, secrets, faults):
    """Return the engine's Deployment."""
    try:
        batch = _share(deployment.batch)
    except ValueError:
        faults.append(f'The batch is "{deployment.batch}"; it may be 2, or 25%.')
        batch = Share(100, percent=True)
    return EngineDeployment(
        name=deployment.name, branch=deployment.branch, timeout=deployment.timeout,
        idle_timeout=deployment.idle_timeout, on_failure=deployment.on_failure, batch=batch,
        max_failures=deployment.max_failures, settings=values, secrets=tuple(secrets),
        flags={flag.name: flag.of_engine for flag in flags},
        stages=tuple(StageEntry(
            recipe=stage.recipe or stage.name, name=stage.name, line=0,
            timeout=stage.timeout, idle_timeout=stage.idle_timeout) for stage in stages))


def _share(text):
    if not text:
        return Share(100, percent=True)
    number = int(text.removesuffix("%"))
    if number < 1:
        raise ValueError(text)
    return Share(number, percent=text.endswith("%"))


def _stage(entry, row, recipe, skipped):
    deployment = row.deployment
    return EngineStage(
        name=entry.name, recipe=entry.recipe, language=recipe.language, code=recipe.code,
        origin="cookbook" if row.recipe else "deployment", per_host=recipe.per_host,
        switches=recipe.switches, from_release=recipe.from_release, hides=recipe.hides,
        shows=recipe.shows, skipped=skipped,
        timeout=deployment.timeout if row.timeout is None else row.timeout,
        idle_timeout=deployment.idle_timeout if row.idle_timeout is None else row.idle_timeout)
