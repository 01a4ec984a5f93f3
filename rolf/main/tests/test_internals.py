"""The internals of other packages that Rolf relies on, because there is no public API."""

import inspect

from django.db import models
from django.forms import ModelForm
from django.test import SimpleTestCase
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, DBTaskResultQuerySet
from django_tasks_db.utils import exclusive_transaction
from ninja import Router

# Each function with its parameters, and the module of Rolf that calls or overrides it.
FUNCTIONS = [
    (
        Worker.__init__,
        "queue_names interval batch backend_name startup_delay max_tasks worker_id "
        "excluded_queue_names",
        "worker/process.py",
    ),
    (Worker.configure_signals, "", "worker/process.py"),
    (Worker.reset_signals, "", "worker/process.py"),
    (Worker.run, "", "worker/process.py"),
    (Worker.run_task, "db_task_result", "worker/process.py"),
    (Worker.shutdown, "signum frame", "worker/process.py"),
    (DBTaskResult.claim, "worker_id", "worker/process.py"),
    (DBTaskResultQuerySet.get_locked, "", "worker/process.py"),
    (DBTaskResultQuerySet.ready, "", "worker/process.py"),
    (DBTaskResultQuerySet.finished, "", "worker/sweeping.py"),
    (DBTaskResultQuerySet.running, "", "worker/sweeping.py"),
    (exclusive_transaction, "using", "worker/process.py"),
    (ModelForm._post_clean, "", "deployments/forms"),
    (ModelForm._get_validation_exclusions, "", "history/forms.py"),
]
# Fields of the queue's table, which worker/process.py and worker/sweeping.py read.
FIELDS = {
    "args_kwargs": models.JSONField,
    "backend_name": models.CharField,
    "finished_at": models.DateTimeField,
    "queue_name": models.CharField,
    "status": models.CharField,
    "worker_ids": models.JSONField,
}


class Internals(SimpleTestCase):
    """An upgrade that changes an internal fails here first, and names the code to adapt."""

    def test_functions_have_the_same_parameters(self):
        for function, expected, module in FUNCTIONS:
            name = f"{function.__module__}.{function.__qualname__}"
            parameters = [name for name in inspect.signature(function).parameters if name != "self"]
            self.assertEqual(
                parameters,
                expected.split(),
                f"{name} has changed. Read its new code, adapt rolf/{module}, then this list.",
            )

    def test_the_queue_has_the_same_fields(self):
        fields = {field.name: field for field in DBTaskResult._meta.get_fields()}
        for name, kind in FIELDS.items():
            self.assertIsInstance(
                fields.get(name),
                kind,
                f"DBTaskResult.{name} of django-tasks-db has changed. Adapt rolf/worker/, then "
                "this list.",
            )

    def test_routers_list_their_operations(self):
        router = Router()

        @router.get("/place")
        def show(request):
            """Return nothing."""

        [operation] = router.path_operations["/place"].operations
        self.assertEqual(
            operation.methods,
            ["GET"],
            "Router.path_operations of Django Ninja has changed. Adapt rolf/api/operation.py.",
        )
