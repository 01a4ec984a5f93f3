"""Prepare a deployment for a push: its rows become what the engine judges and runs."""

from contextlib import contextmanager
from dataclasses import replace

from bootstrapper.deploy.definition import reader, secret
from bootstrapper.deploy.definition.deployment import Deployment as EngineDeployment
from bootstrapper.deploy.definition.deployment import StageEntry
from bootstrapper.deploy.definition.problems import DefinitionError, Problem, definition_error
from bootstrapper.deploy.definition.schema import InvalidValue, Share
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.prepare import prepare as prepare_engine
from bootstrapper.deploy.recipes import catalog as engine_catalog
from django.conf import settings

from cookbook.catalog import RecipeCatalog, parse_code, problem_texts
from encryption.fernet import DecryptionError

# Settings of a tied deployment that its repository doesn't define: how the repository is reached.
KEPT_HERE = ("REPOSITORY", "SSH_CONFIG")


class Refused(Exception):  # noqa: N818 - no error of anybody's, but an answer
    """Something can't be done now; `faults` says why, each in a sentence."""

    def __init__(self, faults):
        """Keep every fault once."""
        self.faults = list(dict.fromkeys(faults))
        super().__init__("\n".join(self.faults))


def directory(deployment):
    """Return where its worker keeps what it needs: the engine's project."""
    return settings.WORK_DIRECTORY / str(deployment.pk)


def prepare_rows(deployment, *, flags=None, skip=()):
    """Return the engine's PreparedDeployment. Raise Refused, which names every problem.

    `flags` are values by name, as stages get them; `skip` are the names of stages to leave out.
    """
    engine, secrets, problems = _from_rows(deployment)
    stages = [stage for stage in deployment.stages.all() if stage.enabled]
    if not stages:
        problems.append(Problem(text="it has no stages"))
    engine = replace(
        engine,
        stages=tuple(
            StageEntry(
                recipe=stage.recipe or stage.name,
                name=stage.name,
                timeout=stage.timeout,
                idle_timeout=stage.idle_timeout,
            )
            for stage in stages
        ),
    )
    with _refusing():
        return prepare_engine(
            directory(deployment),
            engine,
            _StageRecipes(stages),
            secrets,
            flags=_words(engine.flags, flags),
            skip=skip,
            skip_reason="skipped by hand",
            problems=problems,
        )


def prepare_repository(deployment, checkout, *, flags=None, skip=()):
    """Return what the deployments.toml of the repository prepares, at one commit.

    `checkout` is a directory that holds that commit's deploy/. Secrets, and where the repository
    is, come from Rolf. Raise Refused, which names every problem.
    """
    ours, secrets, problems = _from_rows(deployment)
    with _refusing():
        engine, of_file = reader.read(checkout).find(deployment.tied_to)
        if engine is None:
            raise definition_error([*problems, *of_file])
        kept = {name: ours.settings[name] for name in KEPT_HERE if ours.settings.get(name)}
        engine = replace(engine, settings={**engine.settings, **kept})
        chosen = secret.choose(
            engine,
            {**ours.environment, **secrets},
            missing="the secret NAME has no value here: give the deployment a secret setting NAME",
        )
        prepared = prepare_engine(
            directory(deployment),
            engine,
            engine_catalog.RecipeCatalog(checkout),
            chosen,
            flags=_words(engine.flags, flags),
            skip=skip,
            problems=[*problems, *of_file],
        )
    return replace(
        prepared, deployment=replace(engine, name=deployment.name, id=str(deployment.pk))
    )


def secrets_of(deployment):
    """Return the values of its secrets, by name. Raise Refused if one has none."""
    return prepare_hosts(deployment).secrets


def prepare_hosts(deployment):
    """Return a PreparedDeployment without stages: today's hosts and values. Raise Refused."""
    engine, secrets, problems = _from_rows(deployment)
    with _refusing():
        if problems := [*problems, *secrets.problems]:
            raise definition_error(problems)
    return PreparedDeployment(
        project=directory(deployment),
        deployment=engine,
        stages=(),
        settings=engine.environment,
        flags={name: flag.value for name, flag in engine.flags.items()},
        secrets=secrets,
        resolves_git=False,
    )


def from_plan(deployment, plan, resolves_git):
    """Return the PreparedDeployment of a plan, whatever the deployment's rows say today."""
    hosts = {"REMOTE_HOSTS": plan.hosts} if len(plan.hosts) > 1 else {}
    engine = _engine_deployment(
        deployment,
        on_failure=plan.on_failure,
        batch=Share(plan.batch or 100, percent=not plan.batch),
        max_failures=plan.max_failures,
        settings={**plan.settings, **hosts},
        secrets=tuple(plan.secrets),
    )
    return PreparedDeployment(
        project=directory(deployment),
        deployment=engine,
        stages=plan.stages,
        settings=plan.settings,
        flags=plan.flags,
        secrets=plan.secrets,
        resolves_git=resolves_git,
    )


class _StageRecipes:
    """The engine's RecipeSource: recipes of the cookbook, and the code of stages themselves."""

    def __init__(self, stages):
        """Read the cookbook."""
        self._stages = {stage.name: stage for stage in stages}
        self._cookbook = RecipeCatalog()

    @property
    def names(self):
        """The names in the cookbook."""
        return self._cookbook.names

    def shadows(self, name):
        """Return whether an own recipe replaces a shipped one."""
        return self._cookbook.shadows(name)

    def of_stage(self, entry):
        """Return the stage's recipe, or None. Raise DefinitionError if it is broken."""
        stage = self._stages[entry.name]
        try:
            if stage.recipe:
                return self._cookbook.get(stage.recipe)
            return replace(parse_code(stage), origin="deployment")
        except DefinitionError as error:
            raise definition_error(
                Problem(text=f'the stage "{stage.name}": {fault}') for fault in problem_texts(error)
            ) from None


def _from_rows(deployment):
    """Return the engine's Deployment without stages, its secrets, and the problems of its rows."""
    values, secrets, problems = {}, {}, []
    for setting in deployment.settings.all():
        kept = secrets if setting.secret else values
        try:
            kept[setting.name] = setting.value if setting.secret else setting.parsed
        except (InvalidValue, DecryptionError) as error:
            kept[setting.name] = ""
            problems.append((setting.name, str(error)))
    invalid = {name for name, _ in problems}
    problems = [Problem(text=f"the setting {name}: {text}") for name, text in problems]
    try:
        batch = _share(deployment.batch)
    except ValueError:
        problems.append(Problem(text=f'the batch is "{deployment.batch}"; it may be 2, or 25%'))
        batch = _share("")
    engine = _engine_deployment(
        deployment,
        on_failure=deployment.on_failure,
        batch=batch,
        max_failures=deployment.max_failures,
        settings=values,
        secrets=tuple(secrets),
        invalid=frozenset(invalid),
    )
    return (
        engine,
        secret.choose(engine, secrets, missing="the secret setting NAME has no value"),
        problems,
    )


def _engine_deployment(deployment, **values):
    """Return the engine's Deployment without stages: `values`, and what a push does not change."""
    return EngineDeployment(
        name=deployment.name,
        branch=deployment.branch,
        stages=(),
        timeout=deployment.timeout,
        idle_timeout=deployment.idle_timeout,
        flags={flag.name: flag.to_engine() for flag in deployment.flags.all()},
        id=str(deployment.pk),
        **values,
    )


def _share(text):
    """Return the engine's Share of hosts. Raise ValueError if the text is none."""
    if not text:
        return Share(100, percent=True)
    number = int(text.removesuffix("%"))
    if number < 1:
        raise ValueError(text)
    return Share(number, percent=text.endswith("%"))


def _words(flags, given):
    """Return what the engine's command line would be given: a switch that is off is 0."""
    return [
        f"{name}={value}" if name in flags and not flags[name].boolean else f"{name}={value or 0}"
        for name, value in (given or {}).items()
    ]


@contextmanager
def _refusing():
    """Raise Refused for a DefinitionError, a sentence for each problem."""
    try:
        yield
    except DefinitionError as error:
        raise Refused(map(_sentence, error.problems)) from None


def _sentence(problem):
    """Return the problem as pages show it: with its place where that is a file."""
    if problem.in_file:
        return str(problem)
    end = "" if problem.text.endswith("?") else "."
    return f"{problem.text[0].upper()}{problem.text[1:]}{end}"
