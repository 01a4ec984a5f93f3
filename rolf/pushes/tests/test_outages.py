"""A push survives an outage of the database, whichever statement meets it."""

from contextlib import ExitStack
from unittest import mock

from django.conf import settings
from django.db import OperationalError, connection

from database import retry
from deployments.models import Deployment, Stage
from pushes import services
from pushes.claims import claim_push

from ..models import Push, Worker
from ..run import frontend
from ..run.runner import run, run_claimed
from .test_runner import Case

# A rollback runs the stages again with the ROLLBACK_URL of its target.
SWITCH = """# switches
echo $ROLF_PUSH_ID
[ "$ROLLBACK_URL" ] || echo ROLLBACK_URL=tag-$ROLF_PUSH_ID >>$ROLF_OUTPUT
"""


class Outage:
    """Lose the connection at the statement or commit with this number, once.

    It is lost `before` the database has carried it out, or after, without an answer. Number 0 loses
    nothing. `statements` are all that were seen.
    """

    def __init__(self, number, *, before):
        self._number, self._before = number, before
        self.statements = []

    def __enter__(self):
        commit = connection._commit
        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(retry, "PAUSE", 0))
            stack.enter_context(connection.execute_wrapper(self._meet))
            stack.enter_context(
                mock.patch.object(
                    connection, "_commit", lambda: self._meet(lambda sql: commit(), "COMMIT")
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def _meet(self, carry_out, sql, *arguments):
        self.statements.append(sql)
        if len(self.statements) != self._number:
            return carry_out(sql, *arguments)
        if not self._before:
            carry_out(sql, *arguments)
        raise OperationalError("server closed the connection unexpectedly")


class Outages(Case):
    """An outage of a moment, at each statement of a push in turn."""

    def assert_survives(self, prepare, states, log):
        """Assert that the push which `prepare` returns ends as without an outage.

        `states` and `log` are those of all pushes, oldest first.
        """
        self.expected = states, log
        for number, sql in enumerate(self.outcome(prepare, 0), 1):
            # A query makes no difference after it was carried out.
            for before in (True,) if sql.startswith("SELECT") else (True, False):
                with self.subTest(number=number, before=before, sql=sql):
                    self.outcome(prepare, number, before)

    def outcome(self, prepare, number, before=True):
        Push.objects.update(rollback_to=None, rollback_of=None)
        Push.objects.all().delete()
        Deployment.objects.update(served=None)
        push = prepare()
        worker = Worker.objects.start()
        self.assertEqual(claim_push(worker, push.pk), push.pk)
        with Outage(number, before=before) as outage:
            run_claimed(push.pk)
        if claim_push(worker, push.pk):  # it had not begun
            run_claimed(push.pk)
        pushes = list(Push.objects.order_by("pk"))
        found = (
            [push.state for push in pushes],
            [b"".join(bytes(c.data) for c in p.chunks.order_by("sequence")) for p in pushes],
        )
        self.assertEqual(found, self.expected, [push.reason for push in pushes])
        return outage.statements

    def code(self, *stages):
        """Give the deployment stages with this code."""
        self.deployment.stages.all().delete()
        for position, code in enumerate(stages):
            name = f"stage-{position}"
            Stage.objects.create(
                deployment=self.deployment, name=name, code=code, position=position
            )

    def queue(self, **options):
        return services.queue_push(self.deployment, self.user, **options)

    def carried(self, **options):
        """Return a push that has ended."""
        push = self.queue(**options)
        run(push.pk)
        push.refresh_from_db()
        return push

    def test_a_push(self):
        self.assert_survives(self.queue, ["succeeded"], [b"hello\n"])

    def test_a_push_that_is_rolled_back_because_it_failed(self):
        self.deployment.on_failure = "rollback"
        self.deployment.save()
        self.code(
            SWITCH,
            '[ "$ROLLBACK_URL" ] || [ "$ROLF_PUSH_ID" = 1 ]\n',
        )

        def prepare():
            self.carried()
            return self.queue()

        states = ["succeeded", "failed", "succeeded"]
        self.assert_survives(prepare, states, [b"1\n", b"2\n", b"3\n"])

    def test_a_rollback(self):
        self.code(SWITCH)

        def prepare():
            self.carried()
            self.carried()
            return services.queue_rollback(self.deployment, self.user)

        self.assert_survives(prepare, ["succeeded"] * 3, [b"1\n", b"2\n", b"3\n"])

    def test_a_push_that_is_resumed(self):
        file = settings.WORK_DIRECTORY / "ready"
        self.code("echo once\n", f'[ -e "{file}" ] && echo again\n')

        def prepare():
            file.unlink(missing_ok=True)
            push = self.carried()
            file.touch()
            Worker.objects.start()  # only a worker that runs here has the checkout
            return services.resume(push, self.user)

        self.assert_survives(prepare, ["succeeded"], [b"once\nagain\n"])

    def test_a_push_in_steps(self):
        def decide(seconds):
            with retry.ignore_outage():
                Push.objects.filter(decision="").exclude(awaits="").update(decision="run")

        with mock.patch.object(frontend, "time", mock.Mock(sleep=decide)):
            self.assert_survives(lambda: self.queue(step=True), ["succeeded"], [b"hello\n"])
