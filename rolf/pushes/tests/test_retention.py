"""Old logs are removed, except those of possible targets of a rollback."""

import io
from datetime import timedelta
from unittest import mock

from django.core.management import call_command
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from deployments.models import Deployment
from pushes import retention
from pushes.models import LogIndex, Push

from ..logs import archive
from ..store.objects import ObjectStore, StoreError
from .chunked import push_with_log
from .test_archive import Stored, files_of
from .test_lines import Case


class Prunable(Case):
    """Pushes with logs."""

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


class Retention(Prunable):
    """After ninety days."""

    def test_old_logs_go_but_those_of_the_newest(self):
        pushes = self.pushes(retention.NEWEST + 5)
        LogIndex.objects.create(push=pushes[0], bytes=0, parts=[])
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

    def test_a_dry_run_lists_the_logs(self):
        pushes = self.pushes(retention.NEWEST + 1)
        output = io.StringIO()
        call_command("prune_pushes", "--dry-run", stdout=output)
        self.assertEqual(
            output.getvalue(),
            f"a push that never began of shop production, {pushes[0].ended:%Y-%m-%d}, "
            "0.0 MB: after 90 days\n1 logs would be removed, 0.0 MB\n",
        )
        self.assertFalse(Push.objects.filter(pruned=True).exists())


class ByBytes(Prunable):
    """KEEP_LOGS_MB and KEEP_DEPLOYMENT_LOGS_MB; each of these logs has 250 bytes."""

    def setUp(self):
        self.enterContext(mock.patch.object(retention, "MB", 250))

    @override_settings(KEEP_LOGS_MB=8)
    def test_the_oldest_go_beyond_the_limit(self):
        pushes = self.pushes(12, days=3)
        self.assertEqual(retention.prune(), (4, 1000))
        self.assertEqual(self.kept(pushes), list(range(4, 12)))
        gone = Push.objects.get(pk=pushes[0].pk)
        self.assertEqual(
            bytes(gone.chunks.get().data),
            b"The output was removed because Rolf had more than 8 MB of output.\n",
        )
        self.assertEqual(retention.prune(), (0, 0))

    @override_settings(KEEP_DEPLOYMENT_LOGS_MB=4)
    def test_each_deployment_has_its_own_limit(self):
        other = Deployment.objects.create(name="other", application=self.deployment.application)
        few = self.pushes(4, days=3, deployment=other)
        many = self.pushes(7, days=3)
        retention.prune()
        self.assertEqual(self.kept(few), [0, 1, 2, 3])
        self.assertEqual(self.kept(many), [3, 4, 5, 6])

    @override_settings(KEEP_LOGS_MB=1, KEEP_DEPLOYMENT_LOGS_MB=1)
    def test_what_a_rollback_needs_stays_beyond_the_limit(self):
        good = self.pushes(retention.GOOD + 2, state="succeeded", days=9)
        last = self.pushes(1, days=3)
        retention.prune()
        self.assertEqual(self.kept(good), list(range(2, retention.GOOD + 2)))
        self.assertEqual(self.kept(last), [0])

    @override_settings(KEEP_LOGS_MB=25)
    def test_removals_by_age_count_for_the_limit(self):
        self.pushes(5, days=100)
        self.pushes(retention.NEWEST + 5, days=3)
        self.assertEqual(retention.prune()[0], 5)


class OfTheStore(Stored):
    """Logs in the store of logs."""

    def setUp(self):
        super().setUp()
        pushes = [self.ended(days=100) for _ in range(retention.GOOD + 2)]
        self.ended(days=50, state="failed", number=None)
        archive.store_due()
        self.enterContext(self.settings(KEEP_LOGS_MB=1))
        self.enterContext(mock.patch.object(retention, "MB", 1))
        self.old = pushes[:2]

    def test_a_removed_log_leaves_no_object(self):
        before = len(files_of(self.url))
        self.assertEqual(retention.prune()[0], 2)
        names = {str(push.pk) for push in self.old}
        self.assertFalse([file for file in files_of(self.url) if file.parent.name in names])
        self.assertLess(len(files_of(self.url)), before)

    def test_while_the_store_is_away_the_log_stays(self):
        with (
            mock.patch.object(ObjectStore, "delete", side_effect=StoreError("away")) as delete,
            self.assertLogs("rolf.logs", "WARNING"),
        ):
            self.assertEqual(retention.prune(), (0, 0))
        self.assertEqual(delete.call_count, 1, "it does not wait again for the second log")
        self.assertEqual(retention.prune()[0], 2)


class Vacuum(TransactionTestCase):
    """The space that removed logs had."""

    def test_vacuum_runs_outside_of_a_transaction(self):
        output = io.StringIO()
        call_command("prune_pushes", "--vacuum", stdout=output)
        self.assertEqual(output.getvalue(), "0 logs were removed, 0.0 MB\n")
