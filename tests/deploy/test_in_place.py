"""The way of 2010, whole: the checkout over the live directory, ./bootstrap.py there, touch."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.shop import HERE, Shop, open_shop
from tests.support.ssh_server import serve

pytestmark = pytest.mark.needs("/usr/sbin/sshd", "ssh", "rsync", "git")

STAGES = ["clear-checkout", "git-clone", "git-tag", "rsync-in-place", "bootstrap", "touch-wsgi"]
# A bootstrap that waits for a lock waits for ever.
SOON = 'timeout = "60s"'

# The names and the habits of a cookbook of 2010.
COOKBOOK = '''\
clear checkout directory,shell,rm -rf $CHECKOUT_DIR,
git clone,shell,"cd ..
if [ ""$ROLLBACK_URL"" = """" ]; then
  git clone -q $REPOSITORY $CHECKOUT_DIR
else
  git clone -q --branch $ROLLBACK_URL $REPOSITORY $CHECKOUT_DIR
fi",
git tag,shell,"if [ ""$ROLLBACK_URL"" = """" ]; then
  cd $CHECKOUT_DIR; git tag ROLF_PUSH_${ROLF_PUSH_ID}; git push -q origin ROLF_PUSH_${ROLF_PUSH_ID}
fi",
save git rollback_url,python,"if not self.push.rollback_url:
    self.push.rollback_url = ""ROLF_PUSH_%d"" % self.push.id
    self.push.save()
self.status = ""ok""",
rsync --delete,shell,rsync -a --delete $CHECKOUT_DIR/ $REMOTE_HOST:$REMOTE_DIRECTORY,
virtualenv bootstrap,shell,"ssh $REMOTE_HOST ""cd ${REMOTE_DIRECTORY}; ./bootstrap.py""",
touch wsgi,shell,ssh $REMOTE_HOST touch ${REMOTE_DIRECTORY}/apache/django.wsgi,
'''
OLD_STAGES = [
    "clear checkout directory",
    "git clone",
    "git tag",
    "save git rollback_url",
    "rsync --delete",
    "virtualenv bootstrap",
    "touch wsgi",
]


@pytest.fixture
def shop(tmp_path: Path, tiny_project: Path) -> Shop:
    """A shop with a bootstrap.py and a WSGI file, whose first commit is not pushed yet."""
    shop = open_shop(tmp_path)
    shutil.copytree(tiny_project, shop.project, dirs_exist_ok=True)
    (shop.project / "apache").mkdir()
    (shop.project / "apache/django.wsgi").touch()
    (shop.project / ".gitignore").write_text("/.deploy/\n/ve/\n/.ve.*\n")
    return shop


def does(shop: Shop, *words: str) -> None:
    run = shop.run(*words)
    assert run.returncode == 0, run.stdout + run.stderr


def push_twice_and_go_back(shop: Shop) -> None:
    """Two pushes and a rollback, each of which is seen to have rebuilt what is live."""
    wsgi = shop.live / "apache/django.wsgi"
    touched = 0.0
    # The pages differ in length. rsync -a of 2010 compares lengths and seconds, and a test is fast.
    for words, page in ((("deploy",), "one"), (("deploy",), "second"), (("rollback",), "one")):
        if words == ("deploy",):
            shop.commit(page)
        does(shop, *words)
        assert (shop.live / "page.txt").read_text() == page
        tiny = subprocess.run([shop.live / "ve/bin/tiny"], capture_output=True, text=True)
        assert tiny.stdout == "1.0\n"
        assert wsgi.stat().st_mtime > touched
        touched = wsgi.stat().st_mtime
    log = [json.loads(line) for line in (shop.live / "pushes.log").read_text().splitlines()]
    assert [(line["id"], line["state"]) for line in log] == [
        (number, state) for number in (1, 2, 3) for state in ("running", "succeeded")
    ]


def test_pushes_in_place_and_back_here(shop: Shop) -> None:
    shop.define(stages=STAGES, settings=HERE, deployment=SOON)
    push_twice_and_go_back(shop)


def test_pushes_in_place_and_back_over_ssh(shop: Shop, tmp_path: Path) -> None:
    with serve(tmp_path / "ssh") as (server,):
        shop.define(
            stages=STAGES,
            deployment=SOON,
            settings=(f'REMOTE_HOST = "{server.host}"\nSSH_CONFIG = "{server.config}"'),
        )
        push_twice_and_go_back(shop)


@pytest.mark.parametrize("by_ssh", [False, True], ids=["here", "ssh"])
def test_the_cookbook_of_2010_pushes_and_goes_back(
    shop: Shop, tmp_path: Path, *, by_ssh: bool
) -> None:
    cookbook = tmp_path / "cookbook.csv"
    cookbook.write_text(COOKBOOK)
    does(shop, "cookbook", "import", str(cookbook))
    # The scripts of that time quote nothing.
    project = shop.project.rename(tmp_path / "project")
    shop = Shop(project=project, repository=shop.repository, live=shop.live)
    with serve(tmp_path / "ssh") as (server,):
        shop.define(
            stages=OLD_STAGES,
            deployment=SOON,
            settings=(
                f'REMOTE_HOST = "{server.host}"\nSSH_CONFIG = "{server.config}"' if by_ssh else HERE
            ),
        )
        push_twice_and_go_back(shop)
