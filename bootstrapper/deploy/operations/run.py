"""The automatic rollback: where a push that failed may be live, and what undoes that."""

from dataclasses import dataclass, replace

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record
from bootstrapper.deploy.plan.plan import Plan
from bootstrapper.deploy.plan.prepare import PreparedDeployment
from bootstrapper.deploy.plan.rollback import (
    live_push,
    plan_rollback,
    release_served,
    rollback_template,
)
from bootstrapper.deploy.push.execution import Result
from bootstrapper.deploy.push.register import PushRegister
from bootstrapper.deploy.push.session import Session
from bootstrapper.errors import BootstrapperError, WorkFailed
from bootstrapper.program import PROGRAM


@dataclass(frozen=True, kw_only=True)
class PlannedRollback:
    """`plan` returns to the push `target`, on `hosts` alone if any are named."""

    plan: Plan
    target: Record
    hosts: tuple[str, ...]


class AutomaticRollback:
    """What follows a push that failed, while its session still holds the locks."""

    def __init__(
        self, session: Session, ledger: PushRegister, preparation: PreparedDeployment
    ) -> None:
        self._session = session
        self._ledger = ledger
        self._preparation = preparation

    def switched(self, result: Result) -> tuple[str, ...]:
        """Where the push may have changed what visitors see; the targets themselves are asked."""
        if not result.unsure:
            return result.switched
        try:
            now = self._session.targets.current()
        except BootstrapperError:  # the connection is lost: nobody knows
            now = {}
        first = next(iter(now), "")
        served = self._ledger.served
        as_before = {
            host
            for host in result.unsure
            if (was := served.get(host or first)) is not None and now.get(host or first) == str(was)
        }
        return (*result.switched, *(host for host in result.unsure if host not in as_before))

    def wanted(self, plan: Plan, result: Result, switched: tuple[str, ...]) -> bool:
        """A batch that fails is never left half switched; one host, if the deployment says so.

        A page of maintenance is taken down where the deployment says so, too.
        """
        return (
            result.state is State.FAILED
            and bool(switched or result.hidden)
            and plan.rollback_to is None
            and not self._session.lost()
            and (plan.on_failure == "rollback" or any(switched))
        )

    def plan(
        self, plan: Plan, switched: tuple[str, ...], hidden: tuple[str, ...] = ()
    ) -> PlannedRollback | None:
        """The way back from where it `switched`, or where the site is `hidden` by a page of
        maintenance, which goes last; None if no push came before it.

        What the failed stage may still run on the targets is ended. Raises BootstrapperError if
        there is no way.
        """
        switched = tuple(dict.fromkeys((*switched, *hidden)))
        was = {host: release for host, release in self._ledger.served.items() if release != plan.id}
        records = [record for record in self._ledger.records if record.id != plan.id]
        current = release_served(records, was)
        before = live_push(records, current)
        if before is None:
            return None
        releases = {host: was[host] for host in switched if host in was}
        base = rollback_template(
            self._preparation,
            before,
            self._ledger.plan(before.id, self._preparation.secrets),
            keep_settings=False,
        )
        fast = current is not None and base.switching() is not None
        if not fast and not before.rollback_url:
            raise WorkFailed(
                f"push {before.id}",
                "it can't be returned to: it kept no tag",
                f"{PROGRAM} deploy {plan.deployment} --ref {before.commit or 'REF'}",
            )
        back = plan_rollback(
            base,
            before,
            undone=plan.id,
            fast=fast,
            releases=releases,
            comment=f"push {plan.id} failed after the switch",
        )
        if hidden and not any(stage.shows for stage in back.stages):
            back = replace(
                back,
                stages=(
                    *back.stages,
                    *(stage for stage in plan.stages if stage.shows and not stage.skipped),
                ),
            )
        self._session.targets.stop()
        return PlannedRollback(plan=back, target=before, hosts=tuple(releases))
