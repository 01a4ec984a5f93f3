"""Answer surveys: read a deployment's repository, and ask its first host what is live."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from bootstrapper.deploy.definition.duration import render
from bootstrapper.deploy.events.times import iso_time
from bootstrapper.deploy.plan.environment import INHERITED
from bootstrapper.deploy.plan.rollback import live_push, release_served
from bootstrapper.deploy.push.register import merge_records
from bootstrapper.deploy.remote.hosts import RemoteHosts
from bootstrapper.deploy.remote.ssh import Ssh
from bootstrapper.errors import BootstrapperError, InputError

from database import clock
from deployments.models import Survey
from deployments.prepare import Refused, prepare_hosts, prepare_repository
from deployments.stage_account import stage_account

from .. import rollback
from ..claims import claim_survey
from ..models import Worker
from ..rollback import records_of
from .repository import RepositoryMirror

REFS, COMMITS = 200, 100  # at most; a page shows them all
_FORMAT = "%m%x00%H%x00%s%x00%an%x00%aI"


def run(survey_id):
    """Answer a survey, unless another worker does."""
    with Worker.objects.carrying() as worker:
        if claim_survey(worker, survey_id):
            answer(survey_id)


def answer(survey_id):
    """Answer a survey that this worker has claimed. If the look fails, answer with the error."""
    survey = Survey.objects.select_related("deployment__application").get(pk=survey_id)
    found = {
        "fault": "",
        "commit": "",
        "since": "",
        "added": None,
        "removed": None,
        "definition": None,
    }
    try:
        found |= _look(survey.deployment, survey.ref)
    except Refused as error:
        found["fault"] = " ".join(error.faults)
    except BootstrapperError as error:
        found["fault"] = f"{error.where}: {error.fault}"
    except Exception as error:
        found["fault"] = f"Rolf itself failed: {error!r}"
        raise
    finally:
        Survey.objects.filter(pk=survey_id).update(answered=clock.now(), **found)


def _look(deployment, ref):
    prepared = prepare_hosts(deployment)
    if not prepared.settings.get("REPOSITORY"):
        raise Refused(["The deployment has no setting REPOSITORY."])
    prepared.project.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = prepared.settings.get("SSH_CONFIG")
    own = {name: os.environ[name] for name in INHERITED if name in os.environ}
    with (
        Ssh(Path(config) if config else None, stage_account()) as ssh,
        _first_host(prepared, ssh) as hosts,
    ):
        mirror = RepositoryMirror(prepared, own | ssh.environment(own))
        mirror.fetch()
        commit = mirror.resolve(ref)
        if not mirror.has(commit):
            raise InputError(
                prepared.settings["REPOSITORY"],
                f"has no commit {commit}",
                "push the commit there, or name another commit",
            )
        refresh_live_release(deployment, hosts)
        live = rollback.live_push(deployment)
        since = live.commit if live else ""
        return {
            "commit": commit,
            "since": since,
            "refs": _refs(mirror),
            **_commits(mirror, since, commit),
            "definition": _definition(deployment, mirror, commit) if deployment.tied else None,
        }


@contextmanager
def _first_host(prepared, ssh):
    """Yield RemoteHosts with the first host. The login proceeds while git fetches."""
    directory = prepared.settings.get("REMOTE_DIRECTORY", "")
    hosts = RemoteHosts(ssh, prepared.hosts[:1] if directory else (), directory)
    hosts.start()
    try:
        yield hosts
    finally:
        hosts.end()


def _refs(mirror):
    """Return the names of branches and tags, by commit date, newest first."""
    return mirror.lines(
        "for-each-ref",
        f"--count={REFS}",
        "--sort=-creatordate",
        "--format=%(refname:short)",
        "refs/heads",
        "refs/tags",
    )


def _commits(mirror, since, commit):
    """Return the commits that a push of `commit` adds to the live release, and removes from it."""
    if not since:
        return {"added": None, "removed": None}
    found = {"<": [], ">": []}
    lines = mirror.lines(
        "log",
        "--left-right",
        f"--max-count={COMMITS}",
        f"--format={_FORMAT}",
        "--no-show-signature",
        "--end-of-options",
        f"{since}...{commit}",
        "--",
    )
    if not lines and since != commit:
        return {"added": None, "removed": None}
    for line in lines:
        side, name, subject, author, at = line.split("\0")
        found[side].append({"commit": name, "subject": subject, "author": author, "at": at})
    return {"added": found[">"], "removed": found["<"]}


def _definition(deployment, mirror, commit):
    """Return the definition in deploy/deployments.toml of a commit, without values of secrets."""
    with tempfile.TemporaryDirectory(prefix="survey-") as checkout:
        mirror.extract(commit, "deploy", Path(checkout))
        prepared = prepare_repository(deployment, Path(checkout))
    return {
        "stages": [
            {
                "name": stage.name,
                "recipe": stage.recipe,
                "origin": stage.origin,
                "code": stage.code,
                "timeout": stage.timeout and render(stage.timeout),
            }
            for stage in prepared.stages
        ],
        "settings": dict(prepared.settings),
        "secrets": list(prepared.deployment.secrets),
        "flags": [
            {
                "name": flag.name,
                "description": flag.description,
                "default": flag.value,
                "switch": flag.boolean,
            }
            for flag in prepared.deployment.flags.values()
        ],
    }


def refresh_live_release(deployment, hosts):
    """Store the release that the first host serves, if it is not the last one that Rolf pushed.

    If the host does not answer, keep what is stored.
    """
    try:
        hosts.wait()
    except BootstrapperError:
        return
    host, state = next(iter(hosts.states.items()), ("", None))
    if state is None or not state.current.isdecimal():
        return
    # The host's pushes.log tells which pushes skipped this host; records_of() does not.
    current = release_served(
        merge_records((), state.records, held_by=None), {host: int(state.current)}
    )
    records = records_of(deployment)
    ours = live_push(records, None)
    theirs = live_push(merge_records(records, state.records, held_by=None), current)
    served = None
    if theirs is None:  # the host has no record of it
        served = _served(current)
    elif ours is None or theirs.id != ours.id:
        served = _served(theirs.id, theirs)
    if served != deployment.served:
        deployment.served = served
        deployment.save(update_fields=["served"])


def _served(number, record=None):
    """Return the value of Deployment.served for a release."""
    if record is None:
        return {"number": number, "commit": "", "ref": "", "by": "", "at": ""}
    return {
        "number": number,
        "commit": record.commit,
        "ref": record.ref,
        "by": f"{record.user}@{record.machine}".strip("@"),
        "at": iso_time(record.ended or record.started) or "",
    }
