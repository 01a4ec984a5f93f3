"""An earlier push, brought back from what its journal kept of it: its stages and settings."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bootstrapper.deploy.environment import file_name
from bootstrapper.deploy.journal.journal import home
from bootstrapper.deploy.journal.record import Record
from bootstrapper.deploy.plan import Plan, Stage
from bootstrapper.deploy.preparation import Preparation
from bootstrapper.deploy.project.setting import SHOWN
from bootstrapper.errors import InputError
from bootstrapper.invocation import PROGRAM


def load(project: Path, number: int, secrets: Mapping[str, str]) -> Plan:
    """The plan of push `number`, with today's `secrets`.

    Raises InputError if this machine has no such journal, or a secret of then has no value now.
    """
    directory = home(project) / str(number)
    try:
        kept = json.loads((directory / "snapshot.json").read_bytes())
        code = {index: (directory / "stages" / _file(index, stage)).read_text(encoding="utf-8")
                for index, stage in enumerate(kept["stages"])}
        lacking = [name for name in kept["secret_names"] if name not in secrets]
        if lacking:
            raise InputError(f"push {number}", f"it had the secret {lacking[0]}, which has no "
                             "value now", f"{lacking[0]}=… in front of the command, or in "
                             "deploy/secrets.env and deploy/deployments.toml")
        return Plan.restored(kept, code, {name: secrets[name] for name in kept["secret_names"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(str(directory), f"the snapshot can't be read ({error})",
                         f"{PROGRAM} deploy") from error


def template(preparation: Preparation, target: Record, kept: Plan | None, *,
             keep_settings: bool) -> Plan:
    """What a rollback to `target` starts from: the stages and settings of then, which are `kept`.

    Where the push was made from elsewhere, the stages are today's and the settings those that the
    target's history tells. With `keep_settings` all settings are today's. Where it goes to, and by
    which ssh, is today's in any case: that is where the locks are held.
    """
    today = preparation.plan(number=0, comment="", ref=target.ref, commit=target.commit)
    plan = kept or replace(today, settings={name: str(value)
                                            for name, value in target.settings.items()})
    if keep_settings:
        return replace(today, stages=plan.stages)
    there = {name: value for name, value in today.settings.items() if name in SHOWN}
    elsewhere = {name: value for name, value in plan.settings.items() if name not in SHOWN}
    return replace(today, stages=plan.stages, settings={**elsewhere, **there}, flags=plan.flags,
                   secrets=plan.secrets, secret_names=plan.secret_names)


def _file(index: int, stage: Mapping[str, Any]) -> str:
    known = {name: value for name, value in stage.items() if name in Stage.__dataclass_fields__}
    return file_name(index, Stage(code="", **known))
