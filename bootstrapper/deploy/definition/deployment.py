"""A deployment as deployments.toml defines it: pure data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bootstrapper.deploy.definition.flag import Flag
from bootstrapper.deploy.definition.schema import Share
from bootstrapper.deploy.definition.setting import Value, environment
from bootstrapper.errors import InputError
from bootstrapper.spelling import did_you_mean

FILE = "deploy/deployments.toml"  # in a project


@dataclass(frozen=True, kw_only=True)
class StageEntry:
    """One of a deployment's stages; `recipe` is a name. Times in seconds, None is no limit."""

    recipe: str
    name: str
    timeout: float | None
    idle_timeout: float | None
    line: int


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """`settings` are those of all deployments, then its own; `secrets` are names without values.

    `line` is where it begins, `lines` where each of its settings, secrets and flags stands.
    """

    name: str
    branch: str
    stages: tuple[StageEntry, ...]
    timeout: float | None
    idle_timeout: float | None
    on_failure: str
    batch: Share
    max_failures: int
    settings: Mapping[str, Value]
    secrets: tuple[str, ...]
    flags: Mapping[str, Flag]
    line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    @property
    def hosts(self) -> tuple[str, ...]:
        """REMOTE_HOSTS, or REMOTE_HOST alone; none where nothing is pushed to a host."""
        hosts = self.settings.get("REMOTE_HOSTS") or self.settings.get("REMOTE_HOST") or ()
        return (hosts,) if isinstance(hosts, str) else hosts

    @property
    def environment(self) -> dict[str, str]:
        """The settings, secrets apart, as a stage's environment has them.

        REMOTE_HOST is the first of several hosts.
        """
        values = {name: environment(value) for name, value in self.settings.items()}
        return {**values, "REMOTE_HOST": self.hosts[0]} if self.hosts else values


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What deployments.toml says. `default` is empty if several deployments have none."""

    path: Path
    default: str
    deployments: Mapping[str, Deployment]

    def deployment(self, name: str = "") -> Deployment:
        """The deployment of that name, without one the default. Raises InputError."""
        names = ", ".join(self.deployments)
        if not name and not self.default:
            raise InputError(
                FILE,
                "names no default deployment, and the command names none",
                f"name one of {names}, or put a line above the first [table]: "
                f'default = "{next(iter(self.deployments))}"',
            )
        name = name or self.default
        if name not in self.deployments:
            raise InputError(
                FILE,
                f'has no deployment "{name}"{did_you_mean(name, self.deployments)}',
                f"name one of {names}",
            )
        return self.deployments[name]
