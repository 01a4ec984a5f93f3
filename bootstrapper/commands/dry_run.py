"""`deploy --dry-run`: print what a push would run."""

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bootstrapper.commands.output import write_lines
from bootstrapper.deploy.journal import store
from bootstrapper.deploy.journal.journal import journal_directory
from bootstrapper.deploy.masking.masker import SecretMasker
from bootstrapper.deploy.plan import environment
from bootstrapper.deploy.plan.environment import INHERITED
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.push.execution import PushDirectories
from bootstrapper.quoting import quoted


def show(options: argparse.Namespace, prepared: PreparedDeployment) -> int:
    """Print each command with its environment. Nothing runs, and no host is asked."""
    number = store.last_id(prepared.project) + 1
    plan = prepared.plan(
        number=number,
        comment=options.comment,
        commit="",
        ref=options.ref or prepared.deployment.branch,
    )
    own = {name: os.environ[name] for name in INHERITED if name in os.environ}
    place = PushDirectories(
        directory=journal_directory(prepared.project) / str(number),
        scratch=Path(tempfile.gettempdir()) / "push-…",
    )
    write_lines(
        [
            f"{plan.deployment}: push {number}, as far as this machine knows; nothing is done",
            "",
            *lines(plan, place, inherited=own, python=sys.executable),
        ]
    )
    return 0


def lines(
    plan: Plan, place: PushDirectories, *, inherited: Mapping[str, str], python: str
) -> Iterator[str]:
    """Yield the commands of a push, stage by stage, with secrets masked."""
    masking = SecretMasker(plan.secrets)
    for index, stage in enumerate(plan.stages):
        shadow = ", instead of ours" if stage.shadows else ""
        yield f"{index + 1:>2} {stage.name}  ({stage.origin}{shadow})"
        if stage.skipped:
            yield f"   {stage.skipped}"
            yield ""
            continue
        host = ""
        if plan.per_host(stage):
            host = plan.hosts[0]
            shares = " then ".join(" ".join(batch) for batch in plan.batches())
            yield f"   on {shares}"
        limits = [
            f"{name} {seconds:g} s"
            for name, seconds in (("timeout", stage.timeout), ("idle timeout", stage.idle_timeout))
            if seconds
        ]
        if limits:
            yield f"   {', '.join(limits)}"
        yield "   " + shlex.join(
            environment.command(stage, place.code(index, stage), python=python)
        )
        variables = environment.environment(
            plan,
            host=host,
            outputs={},
            inherited=inherited,
            checkout=place.checkout,
            output_file=place.output(index, host),
        )
        for name, value in sorted(variables.items()):
            yield f"     {name}={_quoted(masking.mask(value))}"
        yield ""


def _quoted(value: str) -> str:
    """Return the value quoted for bash; a value of several printable lines stays readable."""
    return shlex.quote(value) if value.replace("\n", "").isprintable() else quoted(value)
