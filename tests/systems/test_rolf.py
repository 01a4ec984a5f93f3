"""Rolf on a real system: rebuilt with its Python, tested, and carrying out a push over ssh."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.beds import Bed
from tools.rolf_files import lay_out

# The tests of the parts that a new Python touches: processes, archives, events, settings.
QUICK = "accounts audit backup cookbook database encryption history main rolf server worker"
HELLO = """
git init -q --bare hello.git
git init -q hello
cd hello
mkdir deploy
echo 'Hello from the first release' >index.html
cat >deploy/deployments.toml <<'END'
[deployments.production]
stages = ["clear-checkout", "git-clone", "git-tag", "rsync-release", "activate-release"]

[deployments.production.settings]
REPOSITORY = "/home/anna/hello.git"
REMOTE_HOST = "www-data@localhost"
REMOTE_DIRECTORY = "/var/www/hello"
END
git add .
git commit -q -m 'Say hello'
git push -q ../hello.git main
"""
# Its own tests look into its database, so it runs in a copy. Prints the process id.
START = """
cp -a rolf running
cd running
PYTHONWARNINGS=error setsid ./manage.py rolf --port 8000 </dev/null >../rolf.log 2>&1 &
echo $!
"""
READY = """
for attempt in $(seq 150); do
    curl --silent --fail http://127.0.0.1:8000/readyz && exit
    sleep 0.2
done
cat rolf.log
exit 1
"""
STOP = """
kill {pid}
for attempt in $(seq 150); do
    kill -0 {pid} 2>/dev/null || exit 0
    sleep 0.2
done
exit 1
"""
TIE = """
from deployments.models import Application, Category, Deployment, Setting
application = Application.objects.create(
    name="hello", category=Category.objects.create(name="tools"))
deployment = Deployment.objects.create(
    application=application, name="production", tied_to="production")
Setting.objects.create(deployment=deployment, name="REPOSITORY", text="/home/anna/hello.git")
"""
PUSH = """
import time
from accounts.models import User
from deployments.models import Deployment
from pushes import services
from pushes.models import Push
push = services.queue_push(Deployment.objects.get(), User.objects.get(), comment="the first")
deadline = time.monotonic() + 60
while push.state in ("queued", "running") and time.monotonic() < deadline:
    time.sleep(0.2)
    push.refresh_from_db()
print(push.state, push.reason, b"".join(bytes(chunk.data) for chunk in push.chunks.all()).decode())
"""

# As rolf/README.md says, under Production.
REPOSITORY = """
git init -q --bare rolf.git
cp -a rolf repository
cd repository
sed -i 's|^REPOSITORY = ""|REPOSITORY = "/home/anna/rolf.git"|
        s|^REMOTE_HOST = ""|REMOTE_HOST = "www-data@localhost"|' deploy/deployments.toml
git init -q
git remote add origin ~/rolf.git
git add .
git commit -q -m Rolf
git push -q origin main
ve/bin/python -W error -m bootstrapper deploy --flag SKIP_TESTS --skip smoke-test
"""
SERVER = """
echo '127.0.0.1 rolf.example.org' >>/etc/hosts
install -d -o www-data /var/www/rolf /var/www/.cache
"""
APACHE = """
cd /var/www/rolf/current
install -o root -g root -m 644 apache/production.conf /etc/apache2/sites-available/rolf.conf
a2ensite --quiet rolf
apachectl configtest
apachectl start
"""


@dataclass(frozen=True, kw_only=True)
class Rolf:
    """Rolf in a directory of a user."""

    bed: Bed
    directory: str

    def run(self, command: str, *, timeout: float = 300) -> str:
        """Run a command in its directory, as its user. A warning of Python is an error."""
        return self.bed.run(f"cd {self.directory}\n{command}", "anna", timeout=timeout)

    def shell(self, code: str) -> str:
        """Run Python in Rolf."""
        return self.run(f"./manage.py shell -v0 -c {shlex.quote(code)}")


@pytest.fixture(scope="module")
def rolf(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Rolf:
    """What `make rolf` makes for this system's Python, rebuilt and migrated."""
    directory = tmp_path_factory.mktemp(bed.suite) / "rolf"
    lay_out(directory, bed.python)
    bed.put(directory, "/home/anna/rolf", "anna")
    made = Rolf(bed=bed, directory="rolf")
    made.run("python3 -W error bootstrap.py")
    made.run("ve/bin/python -W error manage.py migrate -v0")
    return made


@pytest.fixture
def running(rolf: Rolf) -> Iterator[Rolf]:
    """A copy with its web server and its worker, which end without a warning."""
    pid = rolf.bed.run(START, "anna")
    rolf.bed.run(READY, "anna", timeout=60)
    yield Rolf(bed=rolf.bed, directory="running")
    rolf.bed.run(STOP.format(pid=pid), "anna", timeout=60)
    log = rolf.bed.run("cat rolf.log", "anna")
    assert "Warning" not in log and "Traceback" not in log, log


def test_rolf_passes_its_checks(rolf: Rolf) -> None:
    rolf.run("make check")


@pytest.mark.timeout(900)
def test_rolf_passes_its_tests(rolf: Rolf) -> None:
    printed = rolf.run(f"ve/bin/python -W error manage.py test {QUICK}", timeout=800)
    assert "\nOK" in printed
    assert "Warning" not in printed


def test_rolf_pushes_over_ssh(running: Rolf) -> None:
    running.bed.run("install -d -o www-data /var/www/hello")
    running.bed.run(HELLO, "anna")
    running.shell(TIE)
    printed = running.shell(PUSH)
    assert printed.startswith("succeeded"), printed
    page = running.bed.run("cat /var/www/hello/current/index.html")
    assert page == "Hello from the first release"


def test_rolf_deploys_itself_to_apache(rolf: Rolf) -> None:
    rolf.bed.run(SERVER)
    assert "Warning" not in rolf.bed.run(REPOSITORY, "anna")
    rolf.bed.run(APACHE)
    page = rolf.bed.run("curl --silent --fail http://rolf.example.org/sign-in/")
    assert 'name="password"' in page
    log = rolf.bed.run("cat /var/log/apache2/error.log")
    assert f" Python/{rolf.bed.python} " in log and "Warning" not in log, log
