"""Export a deployment as a deployments.toml, with the recipes that it needs."""

import json
import re
from itertools import chain, count

from bootstrapper.deploy.definition.deployment import FILE
from bootstrapper.deploy.definition.duration import render
from bootstrapper.deploy.recipes.catalog import RECIPES

from cookbook.catalog import SUFFIXES, RecipeCatalog
from cookbook.names import to_file_name

from .models import Flag

NO_LIMIT = "8760h"  # a year, because the file can't express "no limit"


def files(deployment):
    """Return the files as text by path in a project, without the values of secrets.

    Leaves out disabled stages; an empty dict if no stage is enabled.
    """
    stages = [stage for stage in deployment.stages.all() if stage.enabled]
    if not stages:
        return {}
    catalog = RecipeCatalog()
    # A stage's own code must not get one of these names, which stand for other recipes.
    taken = {
        to_file_name(name) for name in chain(catalog.names, (stage.recipe for stage in stages))
    }
    recipes = {}
    listed = [_stage(stage, catalog, taken, recipes) for stage in stages]
    return {FILE: _toml(deployment, listed), **recipes}


def name_of(deployment):
    """Return the deployment's name as a TOML key: letters, digits, - and _."""
    return _slug(deployment.name) or f"deployment-{deployment.pk}"


def _toml(deployment, stages):
    name = name_of(deployment)
    lines = [
        f"default = {_text(name)}",
        "",
        f"[deployments.{name}]",
        f"branch = {_text(deployment.branch)}",
        "stages = [",
    ]
    lines += [f"    {stage}," for stage in stages]
    lines += ["]", f"timeout = {_duration(deployment.timeout)}"]
    if deployment.idle_timeout:
        lines.append(f"idle_timeout = {_duration(deployment.idle_timeout)}")
    lines.append(f"on_failure = {_text(deployment.on_failure)}")
    if deployment.batch:
        share = deployment.batch
        lines.append(f"batch = {_text(share) if share.endswith('%') else share}")
    if deployment.max_failures:
        lines.append(f"max_failures = {deployment.max_failures}")
    lines += ["", f"[deployments.{name}.settings]"]
    settings, flags = _counting(deployment)
    lines += [f"{setting.name} = {_value(setting)}" for setting in settings]
    for flag in flags:
        lines += ["", f"[deployments.{name}.flags.{flag.name}]"]
        if flag.description:
            lines.append(f"description = {_text(flag.description)}")
        lines.append(f"default = {_default(flag)}")
    return "\n".join(lines) + "\n"


def _counting(deployment):
    """Return the settings and flags that stages get: a name is either a setting or a flag."""
    settings, flags = list(deployment.settings.all()), list(deployment.flags.all())
    secrets = {setting.name for setting in settings if setting.secret}
    flags = [flag for flag in flags if flag.name not in secrets]
    hidden = {flag.name for flag in flags}
    hosts = any(setting.name == "REMOTE_HOSTS" and setting.text.split() for setting in settings)
    hidden.add("REMOTE_HOST" if hosts else "REMOTE_HOSTS")
    return [setting for setting in settings if setting.name not in hidden], flags


def _stage(stage, catalog, taken, recipes):
    """Return a stage as TOML; its own code, or a recipe of Rolf's, is added to `recipes`."""
    recipe, name = to_file_name(stage.recipe), to_file_name(stage.name)
    own = catalog.own(stage.recipe) if stage.recipe else stage
    if own is stage:
        recipe = next(
            each
            for each in chain([name], (f"{name}-{number}" for number in count(2)))
            if each not in taken
        )
        taken.add(recipe)
    if own is not None:
        recipes[f"{RECIPES}/{recipe}{SUFFIXES[own.language]}"] = own.code.replace("\r\n", "\n")
    table = {"recipe": _text(recipe)}
    if name != recipe:
        table["name"] = _text(name)
    if stage.timeout:
        table["timeout"] = _duration(stage.timeout)
    if stage.idle_timeout:
        table["idle_timeout"] = _duration(stage.idle_timeout)
    if len(table) == 1:
        return table["recipe"]
    return "{ " + ", ".join(f"{key} = {value}" for key, value in table.items()) + " }"


def _value(setting):
    if setting.secret:
        return "{ secret = true }"
    if setting.name == "REMOTE_HOSTS":
        return "[" + ", ".join(_text(host) for host in setting.text.split()) + "]"
    return _text(setting.text)


def _default(flag):
    if flag.kind == Flag.Kind.SWITCH:
        return "true" if flag.default else "false"
    return _text(flag.default)


def _duration(seconds):
    return _text(NO_LIMIT if seconds is None else render(seconds))


def _text(text):
    """Return a basic string of TOML 1.0, which has all escapes of JSON; JSON keeps DEL as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _slug(name):
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")
