"""A deployment's pushes as rows of the database: the engine's Journals."""

import shutil

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.journal.store import code_files
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.errors import InputError
from django.db import IntegrityError, transaction
from django.db.models import F, Max

from deployments.preparation import directory
from pushes.asking import with_code

from .journal import DatabaseJournal

ENOUGH = 50  # of the newest that worked, among which the one before the live one is


class DatabaseJournals:
    """Those of one deployment; `push` is the row that the next plan is begun for.

    `meanwhile` is what journals call while they wait for the database.
    """

    def __init__(self, push, meanwhile):
        """Remember whose they are."""
        self.push = push
        self._meanwhile = meanwhile
        self._deployment = push.deployment
        self._home = directory(push.deployment) / ".deploy" / "pushes"

    def sweep(self, running):
        """Remove checkouts but that of the last push, if it may be resumed."""
        last = self._deployment.pushes.exclude(number=None).order_by("-number").values_list(
            "number", "state").first()
        keep = {str(self.push.number)}
        if last and last[1] != State.SUCCEEDED:
            keep.add(str(last[0]))
        if self._home.is_dir():
            for old in self._home.iterdir():
                if old.name not in keep:
                    shutil.rmtree(old, ignore_errors=True)

    def pushes(self, running, deployment):
        """Return records, newest first, as far back as a rollback asks for them."""
        rows = self._deployment.pushes.gone_live().exclude(record=None).exclude(number=None)
        return [Record.from_json(record) for record in
                rows.order_by("-number").values_list("record", flat=True)[:ENOUGH]]

    def last_id(self):
        """Return the highest number that a push was ever given."""
        return self._deployment.pushes.aggregate(last=Max("number"))["last"] or 0

    def create(self, plan):
        """Begin the journal of the push; FileExistsError if the number is taken."""
        push = self.push
        push.number, push.commit, push.ref = plan.id, plan.commit, plan.ref
        push.switches = any(stage.switches for stage in plan.stages)
        push.snapshot = {**(push.snapshot or {}), **with_code(plan)}
        try:
            with transaction.atomic():
                push.save(update_fields=["number", "commit", "ref", "switches", "snapshot"])
        except IntegrityError:
            raise FileExistsError(plan.id) from None
        return self.opened(plan)

    def opened(self, plan):
        """Return the journal of the push, its stages' code in files."""
        home = self._home / str(plan.id)
        stages = home / "stages"
        stages.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, code in code_files(plan).items():
            file = stages / name
            file.write_text(code, encoding="utf-8", newline="")
            file.chmod(0o700)
        self.push.__class__.objects.filter(pk=self.push.pk).update(version=F("version") + 1)
        return DatabaseJournal(self.push, home, self._meanwhile)

    def plan(self, number, secrets):
        """Return what a push was, with today's secrets; None if that isn't kept."""
        push = self._deployment.pushes.filter(number=number).first()
        return restored(push, secrets) if push and push.snapshot else None


def restored(push, secrets):
    """Return the plan that a push's snapshot keeps. Raises InputError if it can't be one now."""
    snapshot = push.snapshot
    lacking = [name for name in snapshot["secret_names"] if name not in secrets]
    if lacking:
        raise InputError(str(push), f"it had the secret {lacking[0]}, which has no value now",
                         "give the deployment that setting again")
    code = {index: stage.get("code") for index, stage in enumerate(snapshot["stages"])}
    if None in code.values():
        raise InputError(str(push), "it is so old that its stages' code is no longer kept",
                         "push the commit anew")
    bare = {**snapshot, "stages": [{name: value for name, value in stage.items()
                                    if name != "code"} for stage in snapshot["stages"]]}
    return Plan.restored(bare, code, {name: secrets[name] for name in snapshot["secret_names"]})
