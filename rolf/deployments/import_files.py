"""A deployment's rows out of files of a project, its deployments.toml as the engine reads it."""

import tempfile
import tomllib
from pathlib import Path, PurePosixPath

from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.duration import parse
from bootstrapper.deploy.definition.problems import DefinitionError
from bootstrapper.deploy.definition.setting import environment
from bootstrapper.errors import InputError
from django.core.exceptions import ValidationError

from cookbook.catalog import LANGUAGES, RecipeCatalog, language_of_program, sentence
from cookbook.names import from_file_name
from history.models import record_change

from .export import NO_LIMIT
from .models import Flag, Setting, Stage


class ImportRefused(Exception):  # noqa: N818 - a form shows it
    """The files are unusable; ``faults`` are sentences that say why."""

    def __init__(self, faults):
        """``faults`` are sentences."""
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


def read(text, name=""):
    """Return the engine's Deployment of that name, or the default one. Raises ImportRefused."""
    with tempfile.TemporaryDirectory() as project:
        path = Path(project, FILE)
        path.parent.mkdir()
        path.write_text(text.replace("\r\n", "\n"), encoding="utf-8", newline="")
        try:
            found = reader.read(Path(project)).sound()
        except DefinitionError as error:
            raise ImportRefused(
                sentence(f"Line {fault.line}: {fault.text}" if fault.line else fault.text)
                for fault in error.problems
            ) from None
        try:
            return found.deployment(name if name in found.deployments else "")
        except InputError as error:
            raise ImportRefused([sentence(f"It {error.fault}")]) from None


def fill(deployment, files, user):
    """Fill a new deployment from files, which are text by path.

    A recipe among the files becomes code of its stage, unless the cookbook has the same recipe.
    Returns the names of recipes that neither has. Raises ImportRefused.
    """
    files = {**files, FILE: files[FILE].removeprefix("\ufeff")}
    engine = read(files[FILE], deployment.name)
    # The engine fills in defaults; keys that the table lacks must stay empty here.
    table = tomllib.loads(files[FILE].replace("\r\n", "\n"))["deployments"][engine.name]
    deployment.branch, deployment.on_failure = engine.branch, engine.on_failure
    deployment.timeout, deployment.idle_timeout = _limit(engine.timeout), engine.idle_timeout
    deployment.batch = str(table.get("batch", ""))
    deployment.max_failures = engine.max_failures
    catalog, recipes, faults = RecipeCatalog(), _recipes(files), []
    rows = [*_stages(engine, recipes, catalog), *_settings(engine), *_flags(engine)]
    for row in [deployment, *rows]:
        if row is not deployment:
            row.deployment = deployment
        try:
            row.full_clean()
        except ValidationError as error:
            faults += [
                f'The {row._meta.verbose_name} "{row.name}": {message}'
                for message in error.messages
            ]
            continue
        with record_change(user, row, deployment):
            row.save()
    if faults:
        raise ImportRefused(faults)
    return sorted(
        {row.recipe for row in rows if isinstance(row, Stage) and row.recipe} - set(catalog.names)
    )


def _stages(engine, recipes, catalog):
    for position, stage in enumerate(engine.stages):
        row = Stage(
            position=position,
            name=from_file_name(stage.name),
            recipe=from_file_name(stage.recipe),
            timeout=stage.timeout,
            idle_timeout=stage.idle_timeout,
        )
        if stage.recipe in recipes and not catalog.has(row.recipe, *recipes[stage.recipe]):
            row.recipe, (row.language, row.code) = "", recipes[stage.recipe]
        yield row


def _settings(engine):
    for name, value in engine.settings.items():
        lines = isinstance(value, tuple) and name == "REMOTE_HOSTS"
        yield Setting(name=name, text="\n".join(value) if lines else environment(value))
    for name in engine.secrets:
        secret = Setting(name=name, secret=True)
        secret.value = ""
        yield secret


def _flags(engine):
    for name, flag in engine.flags.items():
        yield Flag(
            name=name,
            description=flag.description,
            default=flag.value,
            kind=Flag.Kind.SWITCH if flag.boolean else Flag.Kind.TEXT,
        )


def _recipes(files):
    """Return (language, code) of each recipe among the files, by the name that stages use.

    Raises ImportRefused.
    """
    found = {}
    for path, text in files.items():
        file = PurePosixPath(path)
        language = LANGUAGES.get(file.suffix) or language_of_program(text)
        if path == FILE or not language:
            continue
        if file.stem in found:
            raise ImportRefused([f"{path}: another file defines a recipe of that name."])
        found[file.stem] = (language, text)
    return found


def _limit(seconds):
    return None if seconds == parse(NO_LIMIT) else seconds
