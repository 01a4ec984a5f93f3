"""`status`: print the live release of a deployment, its locks, and the next command."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from bootstrapper.commands.output import json_text, write_lines
from bootstrapper.commands.parsers import Subparsers, deployment_parser
from bootstrapper.commands.pushes import by, load_status, trouble
from bootstrapper.deploy.definition import reader
from bootstrapper.deploy.definition.deployment import Deployment
from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.events.times import iso_time, short_time
from bootstrapper.deploy.journal.journal import journal_directory
from bootstrapper.deploy.operations.status import DeploymentStatus
from bootstrapper.deploy.remote.ssh import host_names
from bootstrapper.deploy.screen.stage_line import shown
from bootstrapper.deploy.screen.style import Style
from bootstrapper.plain_text import single_line
from bootstrapper.program import PROGRAM, in_project

INDENT = 16
# The keys of `status --json`; docs/reference.md prints this table.
KEYS = {
    "deployment": "the name of the deployment",
    "serving": "null, or the live push (`push`, `commit`, `ref`, `comment`) and the push that made "
    "it live (`by`, `since`, `user`, `machine`)",
    "hosts": "an object: for each host the name of its release",
    "running": "null, or the push that runs: `push`, `user`, `machine`, `since`, `stage`",
    "closed": "null, or who locked the deployment, and why: `user`, `machine`, `since`, `reason`",
    "last_failure": "null, or the last push that failed, with the keys of a push",
    "unreachable": "null, or in words why a host did not answer",
}
UNENDED = (State.FAILED, State.LOST, State.CANCELLED)


def add(commands: Subparsers, program: str) -> None:
    """Add the command."""
    command = commands.add_parser(
        "status",
        parents=[deployment_parser()],
        allow_abbrev=False,
        help="print what is live, who pushes, and whether the deployment is locked",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_status)


def _status(options: argparse.Namespace) -> int:
    deployment = reader.read(options.project).deployment(options.deployment)
    seen = load_status(options, deployment, every_host=True)
    write_lines(
        [json_text(_as_json(deployment, seen))]
        if options.json
        else _page(options, deployment, seen)
    )
    return 0


def _page(
    options: argparse.Namespace, deployment: Deployment, seen: DeploymentStatus
) -> Iterator[str]:
    yield deployment.name + (f" on {host_names(deployment.hosts)}" if deployment.hosts else "")
    style = Style(sys.stdout)
    for title, text in _facts(seen):
        lines = [single_line(text)]
        if style.live:
            lines = wrap(lines[0], style.width() - INDENT, break_on_hyphens=False)
        yield from _titled(title, lines)
    yield from _titled("next:", [*map(in_project, _next(options, deployment, seen))])


def _titled(title: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else title:<{INDENT - 3}} {line}"


def _facts(seen: DeploymentStatus) -> Iterator[tuple[str, str]]:
    live, switch = seen.serving, seen.switch
    if live and switch:
        comment = f' "{single_line(live.comment)}"' if live.comment else ""
        since = short_time(iso_time(switch.ended) or iso_time(switch.started) or "")
        how = f"; put back by push {switch.id}" if switch.id != live.id else ""
        yield "serving", (f"{_push(live)}{comment}, since {since}, by {by(switch)}{how}")
    else:
        yield "serving", f"release {seen.current}" if seen.current else "nothing yet"
    for host, state in seen.states.items():
        if state.current != str(seen.current or ""):
            yield "", f"{host}: release {state.current or 'none'}"
    if running := _running(seen):
        yield "running", running
    if seen.lock_info:
        yield "locked by", f"{seen.lock_info}: {seen.lock_info.reason}".removesuffix(": ")
    if failure := _failure(seen):
        yield (
            "last failure",
            (
                f"{_push(failure)}, {short_time(iso_time(failure.started) or '')}, "
                f"by {by(failure)}: {failure.state}, {trouble(failure)}"
            ),
        )


def _next(options: argparse.Namespace, deployment: Deployment, seen: DeploymentStatus) -> list[str]:
    name = deployment.name
    if holder := seen.holder:
        if not seen.here:
            return [
                f"{PROGRAM} status {name}  # wait for it, or cancel it on "
                f"{single_line(holder.machine)}, in the directory that it was started from"
            ]
        return [f"{PROGRAM} log -f {name}", f"{PROGRAM} cancel {name}"]
    if seen.lock_info:
        return [f"{PROGRAM} unlock {name}"]
    last = next(iter(seen.records), None)
    if (
        last
        and last.state in UNENDED
        and (journal_directory(options.project) / str(last.id)).is_dir()
    ):
        return [f"{PROGRAM} log {name} {last.id}", f"{PROGRAM} resume {name}"]
    return [f"{PROGRAM} deploy {name}"]


def _running(seen: DeploymentStatus) -> str:
    if not (holder := seen.holder):
        return ""
    push = f"push {holder.push} " if holder.push else ""
    return f"{push}by {holder}" + (f", {_at(record)}" if (record := _held(seen)) else "")


def _at(record: Record) -> str:
    stage = record.stage
    if not stage or stage.state is not State.RUNNING or stage.started is None:
        return "between two stages"
    return f"at {stage.name} for {shown(max(time.time() - stage.started, 0.0))}"


def _held(seen: DeploymentStatus) -> Record | None:
    """Return the record of the push that runs, if it is kept here: only there its stage is known."""
    if not seen.here:
        return None
    return next((record for record in seen.records if str(record.id) == seen.here.push), None)


def _failure(seen: DeploymentStatus) -> Record | None:
    """Return the last push that failed or was lost, unless later ones are fine."""
    for record in seen.records:
        if record.state in (State.FAILED, State.LOST):
            return record
        if record.state is State.SUCCEEDED:
            break
    return None


def _push(record: Record) -> str:
    code = f"{record.ref} {record.commit[:7]}".strip()
    return f"push {record.id}" + (f" ({code})" if code else "")


def _as_json(deployment: Deployment, seen: DeploymentStatus) -> dict[str, Any]:
    live, switch, holder, failure = seen.serving, seen.switch, seen.holder, _failure(seen)
    record = _held(seen)
    stage = record.stage if record else None
    return {
        "deployment": deployment.name,
        "serving": {
            "push": live.id,
            "commit": live.commit,
            "ref": live.ref,
            "comment": live.comment,
            "since": iso_time(switch.ended),
            "by": switch.id,
            "user": switch.user,
            "machine": switch.machine,
        }
        if live and switch
        else None,
        "hosts": {host: state.current for host, state in seen.states.items()},
        "running": {
            "push": int(holder.push) if holder.push else None,
            "user": holder.who,
            "machine": holder.machine,
            "since": holder.since,
            "stage": stage.name if stage and stage.state is State.RUNNING else None,
        }
        if holder
        else None,
        "closed": {
            "user": seen.lock_info.who,
            "machine": seen.lock_info.machine,
            "since": seen.lock_info.since,
            "reason": seen.lock_info.reason,
        }
        if seen.lock_info
        else None,
        "last_failure": failure.to_json() if failure else None,
        "unreachable": str(seen.unreachable) if seen.unreachable else None,
    }
