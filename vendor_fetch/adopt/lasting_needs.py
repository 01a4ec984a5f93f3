"""Find what the deployment of an adopted project still needs of its settings."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from bootstrapper.errors import InputError
from vendor_fetch.adopt.need import Need
from vendor_fetch.adopt.settings_needs import settings_needs
from vendor_fetch.adopt.site import answer_questions
from vendor_fetch.adopt.undo import RECORD, recorded_answers

# The names of answers in deploy/deployments.toml.
_SETTINGS = {
    "settings": "DJANGO_SETTINGS_MODULE",
    "domain": "SMOKE_HOST",
    "remote_host": "REMOTE_HOST",
    "shared_paths": "SHARED_PATHS",
}


def lasting_needs(root: Path) -> Iterator[Need]:
    """Yield what the settings of an adopted project lack, with its answers as they are now."""
    if not (root / RECORD).is_file():  # the template made the project
        return
    # The user may have moved the settings since, or edited the record.
    with suppress(InputError):
        given = {**recorded_answers(root), **_deployed_answers(root)}
        project, answers = answer_questions(root, given, None, lambda line: None)
        yield from settings_needs(project, answers)


def _deployed_answers(root: Path) -> dict[str, str]:
    """Return the answers in deploy/deployments.toml, without those that it has not as texts."""
    try:
        text = (root / "deploy/deployments.toml").read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, ValueError):
        return {}
    deployment = _table(content, "deployments", str(content.get("default")))
    settings = {**_table(content, "settings"), **_table(deployment, "settings")}
    answers = {name: settings.get(key) for name, key in _SETTINGS.items()}
    if isinstance(settings.get("REMOTE_DIRECTORY"), str):
        directory = PurePosixPath(settings["REMOTE_DIRECTORY"])
        answers |= {"server_root": str(directory.parent), "name": directory.name}
    return {name: value for name, value in answers.items() if isinstance(value, str)}


def _table(content: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    found: Any = content
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
