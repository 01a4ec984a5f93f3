"""A deployment as deployments.toml, or Rolf's database, defines it: data, not judged yet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from bootstrapper.deploy.definition.flag import Flag
from bootstrapper.deploy.definition.problems import Problem, definition_error
from bootstrapper.deploy.definition.schema import Share
from bootstrapper.deploy.definition.setting import Value, environment
from bootstrapper.program import PROGRAM
from bootstrapper.quoting import quoted
from bootstrapper.spelling import did_you_mean, nearest

FILE = "deploy/deployments.toml"  # in a project
# The name of a deployment: also a part of tags and of file names.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*(?<!\.lock)")


@dataclass(frozen=True, kw_only=True)
class StageEntry:
    """One stage of a deployment; `recipe` is a name.

    Times are in seconds; None is the deployment's. `line` is 0 outside of a file.
    """

    recipe: str
    name: str
    timeout: float | None
    idle_timeout: float | None
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployment's own settings replace those that all deployments share.

    `settings` are plain ones, `secrets` are names without values. Times are in seconds; None is no
    limit. `file` is empty unless a file defines the deployment; `line` is where it begins there,
    and `lines` are those of its settings, secrets and flags. `invalid` are the settings whose value
    was wrong, so that a problem is known already.
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
    id: str = ""  # its number in Rolf; elsewhere the name is enough
    file: str = ""
    line: int = 0
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    invalid: frozenset[str] = frozenset()

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
    """What deployments.toml says, and every problem in it.

    `default` is empty if the file has several deployments and names none of them.
    """

    path: Path
    default: str
    deployments: Mapping[str, Deployment]
    problems: tuple[Problem, ...] = ()

    def deployment(self, name: str = "") -> Deployment:
        """Return the deployment of that name, without a name the default.

        Raise DefinitionError if the file has problems or no such deployment.
        """
        found, problems = self.find(name)
        if problems or not found:
            raise definition_error(problems)
        return found

    def sound(self) -> Self:
        """Return the definition. Raise DefinitionError if it has problems."""
        if self.problems:
            raise definition_error(self.problems)
        return self

    def find(self, name: str = "") -> tuple[Deployment | None, list[Problem]]:
        """Return the deployment and every problem; None, and one more problem, if there is none."""
        problems = list(self.problems)
        if found := self.deployments.get(name or self.default):
            return found, problems
        names = list(filter(NAME.fullmatch, self.deployments))
        if name and names:
            problems.append(
                Problem(
                    file=FILE,
                    text=f'has no deployment "{name}"{did_you_mean(name, names)}',
                    next_step=_status(nearest(name, names) or names[0], names),
                )
            )
        elif not self.default and names:
            problems.append(
                Problem(
                    file=FILE,
                    text="names no default deployment, and the command names none",
                    next_step=_status(
                        names[0],
                        names,
                        f'write above the first [table]: default = "{names[0]}"',
                    ),
                )
            )
        return None, problems


def _status(name: str, names: Sequence[str], more: str = "") -> str:
    """Return the command that prints the status of a deployment, with a comment on what else helps."""
    others = ", ".join(other for other in names if other != name)
    comment = "; ".join(filter(None, [others, more]))
    return f"{PROGRAM} status {quoted(name)}" + (f"  # or {comment}" if comment else "")
