"""The key that encrypts secrets is exchanged under a running Rolf, and after kill -9 in the middle."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.rolf_home import Home, environment, running, until

FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Setting, Stage
from pushes import services
application = Application.objects.create(
    name="shop", category=Category.objects.create(name="sites"))
deployment = Deployment.objects.create(application=application, name="production")
for number in range({number}):
    setting = Setting(deployment=deployment, name=f"SECRET_{{number}}", secret=True)
    setting.value = f"open sesame {{number}}"
    setting.save()
Stage.objects.create(deployment=deployment, name="wait", position=0,
                     code="touch {begun}; until [ -e {file} ]; do sleep 0.05; done")
Stage.objects.create(deployment=deployment, name="use", position=1,
                     code='test "$SECRET_7" = "open sesame 7"')
services.queue_push(deployment, User.objects.get())
"""
AGAIN = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
services.queue_push(Deployment.objects.get(), User.objects.get())
"""
STATES = """
from pushes.models import Push
print(*Push.objects.order_by("pk").values_list("state", flat=True))
"""
OLD = """
from cryptography.fernet import Fernet, InvalidToken
from deployments.models import Setting
first = Fernet(open("data/seal.key").read().split()[0])
old = 0
for text in Setting.objects.values_list("encrypted", flat=True):
    try:
        first.decrypt(text.encode())
    except InvalidToken:
        old += 1
print(old)
"""
NUMBER = 3000


def test_the_key_is_exchanged_under_a_running_push(home: Home, tmp_path: Path) -> None:
    begun, file, key = tmp_path / "begun", tmp_path / "go-on", home.current / "data/seal.key"
    with running(home):
        home.shell(FILL.format(number=NUMBER, begun=begun, file=file))
        assert until(begun.exists)
        before = key.read_text()
        rotation = subprocess.Popen(
            ["./manage.py", "seal_key", "rotate", "--settle", "1"],
            cwd=home.current,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert until(lambda: len(key.read_text().split()) == 2)
        time.sleep(0.5)
        os.kill(rotation.pid, signal.SIGKILL)
        rotation.communicate()
        assert 0 < int(home.shell(OLD)) <= NUMBER
        assert "continues" in home.manage("seal_key", "rotate", "--settle", "1")
        assert int(home.shell(OLD)) == 0
        [new] = key.read_text().split()
        assert new != before.strip()
        file.touch()
        assert until(lambda: home.shell(STATES) == "succeeded")
        home.shell(AGAIN)
        assert until(lambda: home.shell(STATES) == "succeeded succeeded")
