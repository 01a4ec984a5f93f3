"""The live release after a push that skipped the first host, the only one that Rolf asks."""

from types import SimpleNamespace

from bootstrapper.deploy.events.event import State
from bootstrapper.deploy.events.record import Record, Run, StageRecord
from django.test import TestCase

from deployments.models import Application, Category, Deployment

from ..models import Push
from ..rollback import live_push, target_of
from ..run.survey import refresh_live_release


class ServingTests(TestCase):
    """Rolf's pushes 1 to 3, to two hosts."""

    def setUp(self):
        shop = Application.objects.create(
            name="shop", category=Category.objects.create(name="Sites")
        )
        self.deployment = Deployment.objects.create(application=shop, name="production")
        for number in (1, 2, 3):
            Push.objects.create(
                deployment=self.deployment,
                number=number,
                state=State.SUCCEEDED,
                switches=True,
                switched=True,
            )

    def see(self, current, *, left_out):
        """Ask app1, which serves `current` and which push 3 may have skipped."""
        lines = []
        for number in (1, 2, 3):
            hosts = ("app2",) if left_out and number == 3 else ("app1", "app2")
            ran = {host: Run(state=State.SUCCEEDED, started=1.0) for host in hosts}
            stage = StageRecord(
                name="activate", switches=True, state=State.SUCCEEDED, started=1.0, hosts=ran
            )
            lines.append(Record(id=number, state=State.SUCCEEDED, stages=(stage,)).to_json())
        refresh_live_release(
            self.deployment,
            SimpleNamespace(
                wait=lambda: None,
                states={"app1": SimpleNamespace(current=str(current), records=lines)},
            ),
        )

    def test_a_push_that_left_the_first_host_out_is_live(self):
        self.see(2, left_out=True)
        self.assertEqual(live_push(self.deployment).number, 3)
        self.assertEqual(target_of(self.deployment)[0].number, 2)

    def test_a_release_that_others_put_back_is_live(self):
        self.see(2, left_out=False)
        self.assertEqual(live_push(self.deployment).number, 2)
        self.assertEqual(target_of(self.deployment)[0].number, 1)
