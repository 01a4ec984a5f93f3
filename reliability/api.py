"""Thousands of requests to the API, as its schema describes them and as it forbids them."""

from pathlib import Path

from reliability.scenario import Result, Scenario
from tests.support.rolf_home import Home, close_shells, running
from tools.fuzz_api import Fuzzer

# Deployments with flags, a setting and a push, and a token that may push.
FILL = """
from accounts.models import User
from api.models import Token
from deployments.models import Application, Category, Deployment, Flag, Level, Setting, Stage
from pushes import services
category = Category.objects.create(name="sites")
for name in ("shop", "blog"):
    deployment = Deployment.objects.create(
        application=Application.objects.create(name=name, category=category), name="production")
    Flag.objects.create(deployment=deployment, name="LOUD", description="more output")
    Flag.objects.create(deployment=deployment, name="WORD", kind="text")
    Setting.objects.create(deployment=deployment, name="GREETING", text="hello")
    Stage.objects.create(deployment=deployment, name="greet", code='echo "$GREETING $WORD"')
    services.queue_push(deployment, User.objects.get())
token = Token(user=User.objects.get(), name="x", level=Level.PUSH, all_deployments=True)
print(token.generate())
token.save()
"""
KINDS = {200, 202, 401, 404, 422}  # statuses that must be among the responses


def requested(home: Home, number: int) -> Result:
    """Send at least that many requests to a Rolf without deployments."""
    with running(home) as rolf:
        outcome = Fuzzer(rolf.address, home.shell(FILL), seed=4711).run(number)
        faults = list(outcome.faults)
        if outcome.number < number:
            faults.append(f"only {outcome.number} requests were sent")
        if missing := KINDS - set(outcome.statuses):
            faults.append(f"no response had the status {', '.join(map(str, sorted(missing)))}")
        if rolf.get() != 200:
            faults.append("Rolf does not answer any more")
    statuses = ", ".join(
        f"{count:,} x {status}" for status, count in sorted(outcome.statuses.items())
    )
    return Result(measured=f"{outcome.number:,} requests: {statuses}", faults=faults)


def _run(project: Path, directory: Path, whole: bool) -> Result:
    home = Home.laid_out(directory / "server", project)
    try:
        return requested(home, 10_000 if whole else 400)
    finally:
        close_shells()


API = Scenario(
    name="api",
    title="requests of the API's schema, and some that it forbids (schemathesis)",
    promise="no response has a status of 500 or more",
    run=_run,
)
