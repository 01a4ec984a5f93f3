"""Every back end of the queue carries out pushes, once each."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis import REDIS, redis
from tests.support.rolf_home import Home, environment

FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Stage
from pushes import services
application = Application.objects.create(
    name="shop", category=Category.objects.create(name="sites"))
deployment = Deployment.objects.create(application=application, name="production")
Stage.objects.create(deployment=deployment, name="greet", code="echo hello >> {file}")
print(services.queue_push(deployment, User.objects.get_or_create(username="admin")[0]).pk)
"""
AGAIN = """
from pushes import tasks
tasks.run_push.enqueue({push})
"""
STATE = """
from pushes.models import Push
print(Push.objects.get(pk={push}).state)
"""
# The workers of the task libraries. They end when the queue is empty.
WORKERS = {
    "django-tasks-db": ["db_worker", "--batch", "--queue-name", "*"],
    "django-tasks-rq": ["rqworker", "pushes", "--burst", "--job-class", "django_tasks_rq.Job"],
}
LIBRARIES = {"django_tasks_db", "django_tasks_rq", "django_rq", "rq", "redis"}
LIMITED = """
from rolf.settings.embedded import *
for queue in RQ_QUEUES.values():
    queue["DEFAULT_TIMEOUT"] = {limit}
"""


@pytest.fixture(params=WORKERS)
def queue(request: pytest.FixtureRequest, home: Home) -> Iterator[str]:
    """Write the setting of a back end into Rolf's .env, and return the back end's name."""
    if request.param == "django-tasks-db":
        yield request.param
        return
    with redis() as server:
        (home.current / ".env").write_text(f"ROLF_QUEUE_URL={server.url()}\n")
        yield request.param


@pytest.mark.needs(REDIS)
def test_the_worker_of_the_library_runs_a_push_once(queue: str, home: Home, tmp_path: Path) -> None:
    file = tmp_path / "greetings"
    push = home.shell(FILL.format(file=file))
    home.shell(AGAIN.format(push=push))
    home.manage(*WORKERS[queue])
    assert (home.shell(STATE.format(push=push)), file.read_text()) == ("succeeded", "hello\n")


@pytest.mark.needs(REDIS)
@pytest.mark.parametrize(("limit", "status"), [(180, 1), (-1, 0)])
def test_check_refuses_a_time_out_of_rq(
    home: Home, tmp_path: Path, limit: int, status: int
) -> None:
    with redis() as server:
        (home.current / "rolf/settings/limited.py").write_text(LIMITED.format(limit=limit))
        run = subprocess.run(
            ["./manage.py", "check"],
            cwd=home.current,
            env=environment()
            | {
                "ROLF_QUEUE_URL": server.url(),
                "DJANGO_SETTINGS_MODULE": "rolf.settings.limited",
            },
            text=True,
            capture_output=True,
            check=False,
        )
    assert (run.returncode, "RQ ends each task" in run.stderr) == (status, bool(status)), run.stderr


def test_only_the_queue_imports_its_libraries() -> None:
    rolf = Path(__file__).parents[2] / "rolf"
    found = set()
    for path in rolf.glob("*/**/*.py"):
        inside = path.relative_to(rolf)
        if inside.parts[0] in ("ve", "data") or "tests" in inside.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )
            if LIBRARIES & {name.partition(".")[0] for name in names}:
                found.add(str(inside))
    assert found == {"pushes/queue.py"}
