"""Ours: the deployments that are measured, and the commands that push them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.contender import Contender
from benchmarks.deploy.pusher import Pusher, Rollback
from benchmarks.deploy.site import Site

TITLE = "bootstrapper deploy"
PLAIN, REBUILDING = "without bootstrap", "with bootstrap"
STAGES = ("git-clone", "git-tag", "rsync-release", "activate-release", "touch-wsgi")
REBUILD_STAGES = (
    "git-clone",
    "git-tag",
    "rsync-release",
    "bootstrap",
    "activate-release",
    "touch-wsgi",
)

Deployment = tuple[Sequence[str | Mapping[str, str]], Mapping[str, str | Sequence[str]]]
"""Its stages, and its settings."""


def definition(site: Site, deployments: Mapping[str, Deployment]) -> str:
    """A deployments.toml. The first is the default."""
    lines = [
        f"default = {_toml(next(iter(deployments)))}",
        "",
        "[settings]",
        f"REPOSITORY = {_toml(site.url)}",
    ]
    for name, (stages, settings) in deployments.items():
        lines += [
            "",
            f"[deployments.{name}]",
            'branch = "main"',
            f"stages = {_toml(stages)}",
            "",
            f"[deployments.{name}.settings]",
            *(f"{key} = {_toml(value)}" for key, value in settings.items()),
        ]
    return "\n".join([*lines, ""])


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # of the same form in TOML
    return "[" + ", ".join(map(_toml, value)) + "]" if isinstance(value, Sequence) else str(value)


def command(site: Site, deployment: str) -> list[str | Path]:
    """A push, by the bootstrapper in the project's ve."""
    return [site.python, "-m", "bootstrapper", "deploy", deployment]


def push(
    site: Site, target: Path, home: Path, deployment: str = "production", title: str = TITLE
) -> Pusher:
    """A push to a target."""
    return Pusher(
        title=title,
        directory=site.work,
        site=site,
        target=target,
        environment={"HOME": str(home)},
        commands=[command(site, deployment)],
    )


def rollback(pusher: Pusher) -> Rollback:
    """Back to what it proposes itself."""
    return Rollback(
        title=TITLE,
        directory=pusher.directory,
        environment=pusher.environment,
        pusher=pusher,
        commands=[[pusher.site.python, "-m", "bootstrapper", "rollback", "--yes"]],
    )


def stages(site: Site, home: Path, deployment: str, title: str) -> Contender:
    """A push that leaves nothing but its journal."""
    return Contender(
        title=title,
        directory=site.work,
        environment={"HOME": str(home)},
        commands=[command(site, deployment)],
    )
