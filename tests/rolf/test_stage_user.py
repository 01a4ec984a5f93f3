"""Rolf pushes with ROLF_STAGE_USER: everything works, and stages cannot read what is Rolf's."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support import ssh_server
from tests.support.rolf_home import DATABASE, Home, environment
from tests.support.ssh_server import SSHD
from tests.support.stage_user import STAGES, WORKER, House, house

pytestmark = [
    pytest.mark.needs("sudo", "unshare", "useradd", "setpriv", SSHD, "git", "rsync"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
]

BEGIN = """
import json, os, shutil
from pathlib import Path
from django.contrib.auth import get_user_model
from deployments.models import Application, Category, Deployment, Setting, Stage
from deployments.stage_account import stage_account
from pushes import services
from pushes.models import Push
from pushes.run.runner import run

def create(stages, **settings):
    category, _ = Category.objects.get_or_create(name="Sites")
    shop, _ = Application.objects.get_or_create(name="shop", category=category)
    deployment = Deployment.objects.create(application=shop, name=f"place{Deployment.objects.count()}")
    for order, (name, code) in enumerate(stages.items()):
        Stage.objects.create(deployment=deployment, name=name, code=code, position=order,
                             recipe="" if code else name,
                             language="python" if name == "python" else "shell")
    for name, value in settings.items():
        setting = Setting(deployment=deployment, name=name, secret=name == "TOKEN")
        setting.value = value
        setting.save()
    return deployment

def show(push):
    push = Push.objects.get(pk=push.pk)
    log = b"".join(bytes(chunk.data) for chunk in push.chunks.order_by("sequence"))
    print(f"{push.state}: {push.reason}\\n{log.decode()}---")
    return push

boss, _ = get_user_model().objects.get_or_create(username="boss", is_superuser=True)
"""


def rolf(place: House, code: str, **variables: str) -> str:
    """Run code in Rolf, as the worker's user."""
    run = subprocess.run(
        place.words("ve/bin/python", "manage.py", "shell", "-v0", "-c", BEGIN + code),
        cwd=place.root / "server/current",
        env={
            **environment(),
            "HOME": str(place.root / WORKER),
            "USER": WORKER,
            "PYTHONDONTWRITEBYTECODE": "1",
            "ROLF_WORK_DIRECTORY": str(place.work),
            "ROLF_STAGE_USER": STAGES,
            "ROLF_STAGE_COMMAND": str(place.root / "stages"),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def lay_out(place: House, project: Path) -> None:
    """Put a Rolf there. The worker's user owns its data, which nobody else can read."""
    home = Home.laid_out(place.root / "server", project)
    shared = place.root / "server/shared/data"
    shutil.copy(project / DATABASE, shared)
    for path in (shared, *shared.iterdir()):
        os.chown(path, place.uid, place.uid)
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert home.current.exists()


def give(place: House, user: str, uid: int, server: ssh_server.SshServer) -> None:
    """Give a user an ssh key for the server."""
    directory = place.root / user / ".ssh"
    directory.mkdir(mode=0o700)
    for name in ("user_key", "known_hosts"):
        shutil.copy(server.directory / name, directory / name)
    config = server.config.read_text().replace(str(server.directory), str(directory))
    (directory / "config").write_text(config)
    for path in (directory, *directory.iterdir()):
        os.chown(path, uid, uid)
        path.chmod(0o700 if path.is_dir() else 0o600)


def repository(directory: Path) -> None:
    """Create a repository with a project."""
    directory.mkdir()
    (directory / "index.html").write_text("hello\n")
    (directory / "bootstrap.py").write_text(
        "#!/bin/sh\npython3 -m venv --without-pip ve && echo built\n"
    )
    (directory / "bootstrap.py").chmod(0o755)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-qb", "main"], ["add", "."], [*who, "commit", "-qm", "one"]):
        subprocess.run(["git", *words], cwd=directory, check=True)


DEPLOY = """
deployment = create(
    {"git-clone": "", "look": LOOK, "python": PYTHON, "rsync-release": "", "bootstrap": "",
     "activate-release": ""},
    REPOSITORY=REPOSITORY, REMOTE_HOST="production", REMOTE_DIRECTORY=TARGET, TOKEN="s3cr3t",
)
push = services.queue_push(deployment, boss)
run(push.pk)
push = show(push)
"""
LOOK = """
id -un
echo "home $HOME, agent ${SSH_AUTH_SOCK-none}"
[ "$TOKEN" = s3cr3t ] && echo "it has the secret"
echo "GIVEN=$(id -un)" >>"$ROLF_OUTPUT"
stat -c %U . .git index.html
rm -r -- * .git; rm -df "$CHECKOUT_DIR"; mkdir "$CHECKOUT_DIR"; cd "$CHECKOUT_DIR"
echo again >index.html
printf '#!/bin/sh\\npython3 -m venv --without-pip ve && echo built\\n' >bootstrap.py
chmod +x bootstrap.py
ln -s /etc/passwd "$(dirname "$ROLF_OUTPUT")/output-09" && echo "a link beside ROLF_OUTPUT"
mv ../stages ../other && echo "stages were replaced"
echo x >../stages/03-python.py && echo "a stage was changed"
true
"""
PYTHON = """
self.execute(["id", "-un"])
print(self.setting("GIVEN"))
"""


def test_a_push_works_as_the_stage_user(rolf_project: Path, tmp_path: Path) -> None:
    with house() as place, ssh_server.serve(tmp_path / "ssh") as (server,):
        lay_out(place, rolf_project)
        give(place, WORKER, place.uid, server)
        give(place, STAGES, place.uid + 1, server)
        repository(place.root / "site")
        target = place.root / "target"
        values = {
            "REPOSITORY": f"ssh://production{place.root}/site",
            "TARGET": str(target),
            "LOOK": LOOK,
            "PYTHON": PYTHON,
        }
        code = "".join(f"{name} = {value!r}\n" for name, value in values.items()) + DEPLOY
        printed = rolf(place, code)
        assert printed.startswith("succeeded: \n"), printed
        for line in (
            STAGES,
            f"home {place.root}/{STAGES}, agent none",
            "it has the secret",
            f"$ id -un\n{STAGES}\n{STAGES}\n",
            f"{STAGES}\n{STAGES}\n{STAGES}\n",
            "built",
        ):
            assert line in printed, printed
        for line in ("a link beside", "were replaced", "was changed"):
            assert line not in printed, printed
        assert (target / "current/index.html").read_text() == "again\n"


def test_a_failed_push_is_resumed_and_removed(rolf_project: Path) -> None:
    code = """
deployment = create({
    "fill": "mkdir d; echo kept >d/file; chmod 600 d/file; ln -s /nowhere link; echo A=1 >>$ROLF_OUTPUT",
    "fail": "[ -e /tmp/stage-user-goes-$USER ] || exit 3",
    "after": "cat d/file; readlink link; stat -c '%U %a' d/file; echo A=$A",
})
push = services.queue_push(deployment, boss)
run(push.pk)
push = show(push)
assert push.checkout, push.kept_on
# As on another machine: the checkout is only in the store.
from deployments.stage_account import remove
from deployments.prepare import directory
home = directory(deployment)
stage_account().share(home, 1)
remove(home / ".deploy/pushes/1")
assert not (home / ".deploy/pushes/1").exists()
home.chmod(0o700)
Push.objects.filter(pk=push.pk).update(kept_on="elsewhere:/x 1234")
Stage.objects.filter(deployment=deployment, name="fail").update(code="true")
snapshot = Push.objects.get(pk=push.pk).snapshot
snapshot["stages"][1]["code"] = "true"
Push.objects.filter(pk=push.pk).update(snapshot=snapshot)
services.resume(Push.objects.get(pk=push.pk), boss)
run(push.pk)
show(push)
second = services.queue_push(deployment, boss)
run(second.pk)
show(second)
print(sorted(path.name for path in (home / ".deploy/pushes").iterdir()))
print(oct(home.stat().st_mode))
"""
    with house() as place:
        lay_out(place, rolf_project)
        store = place.root / "store"
        store.mkdir(mode=0o700)
        os.chown(store, place.uid, place.uid)
        printed = rolf(place, code, ROLF_CHECKOUT_STORE=str(store))
        first, again, second, names = printed.split("---\n")
        assert first.startswith("failed: fail: exit status 3\n")
        assert again.startswith("succeeded: \n")
        assert f"kept\n/nowhere\n{STAGES} 600\nA=1\n" in again, again
        assert second.startswith("succeeded: \n")
        assert names == "['2']\n0o40700\n"


def test_check_deploy_names_what_stages_can_read(rolf_project: Path) -> None:
    code = """
import sys
from django.core.management import call_command
call_command("check", "--deploy", "--tag", "security", stderr=sys.stdout)
"""
    with house() as place:
        lay_out(place, rolf_project)
        assert "rolf.I003" in rolf(place, code, ROLF_STAGE_USER="")
        assert "rolf.I003" not in rolf(place, code)
        printed = rolf(place, code, ROLF_STAGE_USER="nobody-at-all")
        assert "(rolf.W013) The stage user nobody-at-all: there is no such user." in printed
