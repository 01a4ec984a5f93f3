"""The internals of other packages that Rolf relies on, because there is no public API.

An upgrade that changes an internal fails here first, and names the code to adapt.
"""

import inspect

from django.test import SimpleTestCase
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet
from ninja import Router


class Internals(SimpleTestCase):
    """Each test names the module of Rolf that needs the internal."""

    def test_the_queue_lists_waiting_tasks(self):
        self.assertEqual(
            [*inspect.signature(DBTaskResultQuerySet.ready).parameters],
            ["self"],
            "DBTaskResultQuerySet.ready of django-tasks-db has changed. Adapt pushes/queue.py.",
        )
        DBTaskResult._meta.get_field("queue_name")

    def test_routers_list_their_operations(self):
        router = Router()

        @router.get("/place")
        def show(request):
            """Return nothing."""

        [operation] = router.path_operations["/place"].operations
        self.assertEqual(
            operation.methods,
            ["GET"],
            "Router.path_operations of Django Ninja has changed. Adapt api/operation.py.",
        )
