"""`deploy --dry-run`: a push in words."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bootstrapper.commands.standard_output import write_lines
from bootstrapper.deploy import dry_run
from bootstrapper.deploy.environment import INHERITED
from bootstrapper.deploy.execution import Place
from bootstrapper.deploy.journal import journals
from bootstrapper.deploy.journal.journal import home
from bootstrapper.deploy.preparation import Preparation


def show(options: argparse.Namespace, prepared: Preparation) -> int:
    """Print each command with its environment; nothing is done, and nobody is asked."""
    number = journals.last_id(prepared.project) + 1
    plan = prepared.plan(number=number, comment=options.comment, commit="",
                         ref=options.ref or prepared.deployment.branch)
    own = {name: os.environ[name] for name in INHERITED if name in os.environ}
    place = Place(directory=home(prepared.project) / str(number),
                  scratch=Path(tempfile.gettempdir()) / "push-…")
    write_lines([
        f"{plan.deployment}: push {number}, as far as this machine knows; nothing is done", "",
        *dry_run.lines(plan, place, inherited=own, python=sys.executable)])
    return 0
