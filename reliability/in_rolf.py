"""Runs inside Rolf's virtualenv, beside its manage.py: fills the database of an installation.

    python in_rolf.py DIRECTORY DEPLOYMENTS STAGES LINES SECONDS SILENT

Each deployment has that many stages, and each stage prints that many lines in about that many
seconds; if SILENT is 1, it prints nothing, and the target alone has its lines. A stage first writes
what it does into files of the directory, which stands for the target. Prints JSON: a token of the
API, the ids of the deployments, and the lease of a worker in seconds.
"""
# ruff: noqa: E402 - Django is set up before models can be imported.

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.embedded")

import django

django.setup()

from accounts.models import User
from api.models import Token
from deployments.models import Application, Category, Deployment, Level, Setting, Stage
from django.contrib.auth.hashers import make_password
from pushes.models import LEASE

# /proc/uptime is the same clock on all machines of a test, whatever their time of day is. The
# ancestors tell which worker a stage belongs to.
STAGE = r"""
now() { read -r up _ </proc/uptime; }
ancestors() {
    local pid=$$ chain=
    while [ "$pid" -gt 1 ]; do
        chain+=,$pid
        read -r _ _ _ pid _ <"/proc/$pid/stat" || break
    done
    echo "${chain#,}"
}
key=$DEPLOYMENT_ID-$ROLF_PUSH_ID
now
echo "begin $ROLF_PUSH_ID NUMBER $up $(hostname) $(ancestors)" >>"$TARGET/$DEPLOYMENT_ID.events"
for line in $(seq LINES); do
    now
    text="deployment $DEPLOYMENT_ID push $ROLF_PUSH_ID stage NUMBER line $line at $up"
    echo "$text" >>"$TARGET/$key-NUMBER.out"
    [ SILENT = 1 ] || echo "$text"
    PAUSE
done
now
echo "end $ROLF_PUSH_ID NUMBER $up" >>"$TARGET/$DEPLOYMENT_ID.events"
"""
# bash waits without a process of its own.
PAUSE = "read -rt SECONDS <> <(:) || :"


def fill(
    directory: str, deployments: int, stages: int, lines: int, seconds: float, silent: str
) -> dict:
    """Create a superuser, a token and the deployments."""
    user, _ = User.objects.get_or_create(
        username="boss",
        defaults={"is_superuser": True, "is_staff": True, "password": make_password("open sesame")},
    )
    token = Token(user=user, name="reliability", level=Level.PUSH, all_deployments=True)
    text = token.generate()
    token.save()
    category, _ = Category.objects.get_or_create(name="reliability")
    application = Application.objects.create(
        name=f"shop {Application.objects.count()}", category=category
    )
    pause = PAUSE.replace("SECONDS", f"{seconds / lines:.3f}") if seconds and lines else ":"
    keys = []
    for number in range(deployments):
        deployment = Deployment.objects.create(application=application, name=f"place {number}")
        Setting.objects.create(deployment=deployment, name="TARGET", text=directory)
        Stage.objects.bulk_create(
            Stage(
                deployment=deployment,
                position=position,
                name=f"stage-{position}",
                code=STAGE.replace("NUMBER", str(position))
                .replace("LINES", str(lines))
                .replace("PAUSE", pause)
                .replace("SILENT", silent),
            )
            for position in range(stages)
        )
        keys.append(deployment.pk)
    return {"token": text, "deployments": keys, "lease": LEASE}


if __name__ == "__main__":
    directory, *numbers = sys.argv[1:]
    deployments, stages, lines = map(int, numbers[:3])
    found = fill(directory, deployments, stages, lines, float(numbers[3]), numbers[4])
    json.dump(found, sys.stdout)
