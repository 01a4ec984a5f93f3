"""The pushes of a deployment, as rows of the database."""

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.journal.store import code_files
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.errors import WorkFailed
from django.db import IntegrityError
from django.db.models import F, Max

from database import clock
from database.retry import retry
from deployments.prepare import directory
from deployments.stage_account import remove
from deployments.work_place import work_place

from ..models import Push
from .journal import DatabaseJournal

ENOUGH = 50  # newest pushes that went live; the one before the live one is among them


class DatabasePushStore:
    """The engine's PushStore: the pushes of a deployment. `push` is the row of the running one.

    Journals call `meanwhile` while they wait for the database.
    """

    def __init__(self, push, meanwhile):
        """Use the deployment of the push."""
        self.push = push
        self._meanwhile = meanwhile
        self._deployment = push.deployment
        self._home = directory(push.deployment) / ".deploy" / "pushes"

    def sweep(self, running):
        """Remove all checkouts, except that of the last push if it can be resumed."""
        numbered = self._deployment.pushes.exclude(number=None).order_by("-number")
        last = self._retry(numbered.values_list("number", "state").first)
        keep = {str(self.push.number)}
        if last and last[1] != State.SUCCEEDED:
            keep.add(str(last[0]))
        if self._home.is_dir():
            for old in self._home.iterdir():
                if old.name not in keep:
                    remove(old)

    def pushes(self, running, deployment):
        """Return the newest ENOUGH records, newest first."""
        rows = self._deployment.pushes.gone_live().filter(record__isnull=False).exclude(number=None)
        newest = rows.order_by("-number").values_list("record", flat=True)[:ENOUGH]
        return [Record.from_json(record) for record in self._retry(lambda: list(newest))]

    def last_id(self):
        """Return the highest number of a push, or 0."""
        found = self._retry(lambda: self._deployment.pushes.aggregate(last=Max("number")))
        return found["last"] or 0

    def create(self, plan, undoes):
        """Create the journal of a push. Raise FileExistsError if its number is taken.

        For an automatic rollback, `undoes` is the journal of the failed push. That push ends in the
        same transaction, so that no other push can begin in between.
        """
        begun = {
            "number": plan.id,
            "commit": plan.commit,
            "ref": plan.ref,
            "switches": any(stage.switches for stage in plan.stages),
        }
        try:
            if undoes is not None:
                undoes.end(then=lambda: self._rollback(plan, begun, undoes.push))
                following = Push.objects.filter(rollback_of=undoes.push, number=plan.id)
                self.push = self._retry(following.get)
            else:
                self._begin(plan, begun)
        except IntegrityError:
            if self._deployment.pushes.filter(number=plan.id).exists():
                raise FileExistsError(plan.id) from None
            raise
        return self.reopen(plan)

    def _begin(self, plan, begun):
        """Give the requested push its number. Raise WorkFailed if another worker took it over."""
        begun["snapshot"] = {**(self.push.snapshot or {}), **plan.snapshot(code=True)}
        mine = Push.objects.filter(pk=self.push.pk, state=State.RUNNING, worker=self.push.worker_id)
        if not self._retry(lambda: mine.update(**begun)):
            raise WorkFailed(
                "the push", "another worker has taken it over", "look at the page of the push"
            )
        for name, value in begun.items():
            setattr(self.push, name, value)

    def _rollback(self, plan, begun, failed):
        """Create the row of an automatic rollback."""
        # The command line may have made the target; then there is no row.
        target = self._deployment.pushes.filter(number=plan.rollback_to).first()
        Push.objects.create(
            deployment=self._deployment,
            state=State.RUNNING,
            user=failed.user,
            user_name=failed.user_name,
            comment=plan.comment,
            rollback_to=target,
            rollback_of=failed,
            worker=failed.worker,
            started=clock.now(),
            snapshot=plan.snapshot(code=True),
            **begun,
        )

    def _retry(self, function):
        return retry(function, self._meanwhile)

    def directory(self, number):
        """Return the local directory of a push."""
        return self._home / str(number)

    def reopen(self, plan):
        """Write the code of the push's stages to files, and return its journal."""
        home = self.directory(plan.id)
        stages = home / "stages"
        stages.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, code in code_files(plan).items():
            file = stages / name
            file.write_text(code, encoding="utf-8", newline="")
            file.chmod(0o700)
        # Stages change the checkout now, so that of an earlier attempt in the store is outdated.
        row = Push.objects.filter(pk=self.push.pk)
        self._retry(lambda: row.update(version=F("version") + 1, kept_on=work_place(), checkout=""))
        return DatabaseJournal(self.push, home, self._meanwhile)

    def plan(self, number, secrets):
        """Return the Plan of a push, with the current secrets; None if there is no snapshot."""
        push = self._retry(self._deployment.pushes.filter(number=number).first)
        return Plan.restored(push.snapshot, secrets) if push and push.snapshot else None
