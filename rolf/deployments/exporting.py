"""A deployment as the deployments.toml of a project, with the recipes that it needs beside it."""

import io
import json
import re
import tarfile

from bootstrapper.deploy.duration import render

from cookbook.shelf import SUFFIXES, Shelf

from .models import Flag

FILE = "deploy/deployments.toml"
RECIPES = "deploy/recipes"
NO_LIMIT = "8760h"  # a year: the file has no word for no limit


def files(deployment):
    """Return the text of each file, by its path in a project; no secret is in any."""
    recipes = {}
    stages = [_stage(stage, recipes) for stage in deployment.stages.all() if stage.enabled]
    return {FILE: _toml(deployment, stages), **recipes}


def toml(deployment):
    """Return the text of the deployments.toml."""
    return files(deployment)[FILE]


def tar(deployment):
    """Return all files in a .tar.gz, to be unpacked in the project."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files(deployment).items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(text.encode()), 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def name_of(deployment):
    """Return its name as the file can have it: letters, digits, - and _."""
    return _slug(deployment.name) or f"deployment-{deployment.pk}"


def _toml(deployment, stages):
    name = name_of(deployment)
    lines = [f"default = {_text(name)}", "", f"[deployments.{name}]",
             f"branch = {_text(deployment.branch)}", "stages = ["]
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
    lines += [f"{setting.name} = {_value(setting)}" for setting in deployment.settings.all()]
    for flag in deployment.flags.all():
        lines += ["", f"[deployments.{name}.flags.{flag.name}]"]
        if flag.description:
            lines.append(f"description = {_text(flag.description)}")
        lines.append(f"default = {_default(flag)}")
    return "\n".join(lines) + "\n"


def _stage(stage, recipes):
    """Return a stage as the list has it; code of Rolf's own becomes a recipe of the project."""
    recipe = stage.recipe
    own = Shelf().own(recipe) if recipe else stage
    if own is not None:
        recipe = _slug(recipe or stage.name) or f"stage-{stage.pk}"
        recipes[f"{RECIPES}/{recipe}{SUFFIXES[own.language]}"] = own.code.replace("\r\n", "\n")
    told = {"recipe": _text(recipe)}
    if stage.name != recipe:
        told["name"] = _text(stage.name)
    if stage.timeout:
        told["timeout"] = _duration(stage.timeout)
    if stage.idle_timeout:
        told["idle_timeout"] = _duration(stage.idle_timeout)
    if len(told) == 1:
        return told["recipe"]
    return "{ " + ", ".join(f"{key} = {value}" for key, value in told.items()) + " }"


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
    """Return a basic string of TOML 1.0: JSON's escapes are among its own, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _slug(name):
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")
