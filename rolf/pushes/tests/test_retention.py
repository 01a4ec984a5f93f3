"""Old logs are removed, except those of possible targets of a rollback."""

import io
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from deployments.models import Deployment
from pushes import retention
from pushes.models import LogIndex, Push

from .chunked import push_with_log
from .test_lines import Case


class Retention(Case):
    """After ninety days."""

    def pushes(self, count, state="failed", days=100, deployment=None):
        ended = timezone.now() - timedelta(days=days)
        return [
            push_with_log(
                deployment or self.deployment,
                b"line\n" * 50,
                state=state,
                ended=ended,
                number=None,
                record={"settings": {"A": "x"}},
            )
            for _ in range(count)
        ]

    def kept(self, pushes):
        """Return the indexes of the pushes that have their logs."""
        gone = set(Push.objects.filter(pruned=True).values_list("pk", flat=True))
        return [place for place, push in enumerate(pushes) if push.pk not in gone]

    def test_old_logs_go_but_those_of_the_newest(self):
        pushes = self.pushes(retention.NEWEST + 5)
        LogIndex.objects.create(push=pushes[0], parts=[])
        self.assertEqual(retention.prune(), (5, 5 * 250))
        self.assertEqual(self.kept(pushes), list(range(5, retention.NEWEST + 5)))
        gone = Push.objects.get(pk=pushes[0].pk)
        self.assertEqual(bytes(gone.chunks.get().data), b"The output was removed after 90 days.\n")
        self.assertEqual((gone.log_lines, gone.record), (1, {"settings": {"A": "x"}}))
        self.assertFalse(LogIndex.objects.exists())
        self.assertEqual(retention.prune(), (0, 0))

    def test_the_last_good_ones_are_never_touched(self):
        good = self.pushes(retention.GOOD + 2, state="succeeded")
        self.pushes(40)
        retention.prune()
        self.assertEqual(self.kept(good), list(range(2, retention.GOOD + 2)))

    def test_what_is_live_is_never_touched(self):
        live = self.pushes(1, state="succeeded")[0]
        Push.objects.filter(pk=live.pk).update(number=1)
        good = self.pushes(retention.GOOD + 5, state="succeeded")
        self.pushes(30)
        Push.objects.create(
            deployment=self.deployment,
            number=2,
            user_name="ben",
            state="succeeded",
            rollback_to=live,
            ended=timezone.now(),
        )
        retention.prune()
        self.assertEqual(self.kept([live]), [0])
        self.assertEqual(len(self.kept(good)), retention.GOOD - 1)

    def test_what_is_young_stays_whatever_it_is(self):
        self.assertEqual(len(self.pushes(50, days=80)), 50)
        self.assertEqual(retention.prune(), (0, 0))

    def test_each_deployment_has_its_own_newest(self):
        other = Deployment.objects.create(name="other", application=self.deployment.application)
        few = self.pushes(3, deployment=other)
        self.pushes(30)
        retention.prune()
        self.assertEqual(self.kept(few), [0, 1, 2])

    def test_a_dry_run_only_tells(self):
        self.pushes(retention.NEWEST + 1)
        output = io.StringIO()
        call_command("prune_pushes", "--dry-run", stdout=output)
        self.assertEqual(output.getvalue(), "1 logs would be removed, 0.0 MB\n")
        self.assertFalse(Push.objects.filter(pruned=True).exists())
