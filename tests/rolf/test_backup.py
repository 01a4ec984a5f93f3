"""manage.py backup and restore: while pushes run, into another installation, and after accidents."""

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgresql import PostgreSQL, postgresql
from tests.support.rolf_home import Home, Running, environment, running, until
from tests.support.rolf_visitor import Visitor
from tests.support.small_disk import small_disk

PASSWORD = "open sesame 12"
# One push ended (its log is in the store), one failed (its checkout is there), one runs and one waits.
FILL = """
from accounts.models import User
from deployments.models import Application, Category, Deployment, Setting, Stage
from pushes import services
boss = User.objects.create_superuser("boss", password="open sesame 12")
shop = Application.objects.create(name="shop", category=Category.objects.create(name="Sites"))
codes = {{
    "ended": 'seq 1 20000; echo ä; date +%N',
    "failed": 'mkdir -p "$CHECKOUT_DIR"; echo kept >"$CHECKOUT_DIR/note"; exit 3',
    "running": 'echo "$TOKEN" begun; touch {gate}-begun; until [ -e {gate} ]; do date; sleep 0.1; done',
    "waiting": 'touch {gate}-never',
}}
for name, code in codes.items():
    each = Deployment.objects.create(application=shop, name=name)
    Stage.objects.create(deployment=each, position=0, name="work", code=code)
    secret = Setting(deployment=each, name="TOKEN", secret=True)
    secret.value = "secret of " + name
    secret.save()
"""
PUSH = """
from accounts.models import User
from deployments.models import Deployment
from pushes import services
services.queue_push(Deployment.objects.get(name="{name}"), User.objects.get(username="boss"))
"""
STATES = """
import json
from pushes.models import Push
print(json.dumps({push.deployment.name: [push.state, push.stored, bool(push.checkout), push.reason]
                  for push in Push.objects.order_by("pk")}))
"""
CONTENT = """
import hashlib, json
from audit.models import Entry
from deployments.models import Setting
from history.models import Change
from login.models import Session
from pushes.log_view.chunks import bytes_from
from pushes.models import Push, Worker
logs = {push.pk: bytes_from(push, 0, 10**9) for push in Push.objects.order_by("pk")}
entries = Entry.objects.filter(sequence__lte={last}).order_by("sequence")
print(json.dumps({
    "logs": {key: [len(data), hashlib.sha256(data).hexdigest()] for key, data in logs.items()},
    "running": logs[max(logs) - 1].decode(),
    "secrets": [setting.value for setting in Setting.objects.order_by("pk")],
    "history": list(Change.objects.order_by("pk").values_list("pk", "kind", "by_name")),
    "audit": list(entries.values_list("sequence", "hash")),
    "sessions": Session.objects.count(),
    "workers": Worker.objects.filter(ended=None).count(),
}))
"""
NEXT_KEYS = """
from accounts.models import User
from deployments.models import Category, Deployment
from pushes.models import Push
last = Push.objects.latest("pk").pk
print(Category.objects.create(name="new").pk,
      Push.objects.create(deployment=Deployment.objects.get(name="ended"), user_name="boss",
                          state="succeeded").pk > last)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """Run a PostgreSQL."""
    with postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Return DATABASE_URL, "" for SQLite."""
    if request.param == "sqlite":
        return ""
    server: PostgreSQL = request.getfixturevalue("server")
    return server.url(server.create())


def configure(home: Home, directory: Path, database: str) -> None:
    """Write .env, and create the stores."""
    stores = {name: directory / name for name in ("logs", "checkouts")}
    for store in stores.values():
        store.mkdir(parents=True, exist_ok=True)
    (home.current / ".env").write_text(
        f"ROLF_LOG_STORE={stores['logs']}\nROLF_LOG_STORE_AFTER=0\n"
        f"ROLF_CHECKOUT_STORE={stores['checkouts']}\n"
        + (f"DATABASE_URL={database}\n" if database else "")
    )


def states(home: Home) -> "dict[str, list[object]]":
    return dict(json.loads(home.shell(STATES)))


def fill(home: Home, gate: Path) -> None:
    """Push until one push has ended, one has failed, one runs and one waits."""
    home.shell(FILL.format(gate=gate))
    for name in ("ended", "failed"):
        home.shell(PUSH.format(name=name))
        assert until(lambda name=name: states(home)[name][0] in ("succeeded", "failed"))
    assert until(lambda: states(home)["ended"][1] and states(home)["failed"][2]), states(home)
    for name in ("running", "waiting"):
        home.shell(PUSH.format(name=name))
    assert until(Path(f"{gate}-begun").exists)


def log_in(rolf: Running) -> Visitor:
    visitor = Visitor(rolf.address)
    assert visitor.sign_in("boss", PASSWORD)[0] == 200
    return visitor


def page(visitor: Visitor, number: int) -> str:
    """Return what a page shows, without what differs between two visits."""
    status, _, text = visitor.open(f"deployments/{number}/pushes/1/")
    assert status == 200
    text = re.sub(r'value="\w{64}"|hx-headers=\S+|nonce="[^"]*"|"\w{64}"', "", text)
    return re.sub(r"<time.*?</time>", "", text, flags=re.DOTALL)


def manifest_of(backup: Path) -> "dict[str, str]":
    with tarfile.open(backup) as archive:
        file = archive.extractfile("manifest.json")
        assert file
        return dict(json.loads(file.read()))


def there(home: Home, tmp_path: Path, rolf_project: Path, database: str) -> Home:
    """Return a new installation on another machine."""
    other = Home.laid_out(tmp_path / "there", rolf_project)
    configure(other, tmp_path / "there-stores", database)
    return other


def content(home: Home, last: int = 0) -> "dict[str, object]":
    return dict(json.loads(home.shell(CONTENT.replace("{last}", str(last)))))


@pytest.mark.parametrize("portable", [False, True], ids=["native", "portable"])
def test_a_restored_copy_serves_the_same(
    home: Home,
    database: str,
    portable: bool,
    tmp_path: Path,
    rolf_project: Path,
    request: pytest.FixtureRequest,
) -> None:
    gate, backup = tmp_path / "gate", tmp_path / "rolf.tar"
    configure(home, tmp_path / "stores", database)
    with running(home, "--slots", "1") as rolf:
        fill(home, gate)
        visitor = log_in(rolf)
        printed = home.manage("backup", str(backup), *(["--portable"] * portable))
        assert "verified" in printed
        assert "ROLF_LOG_STORE: 1 object" in printed
        before = content(home)
        pages = [page(visitor, 1), page(visitor, 2)]
        log = visitor.open("deployments/1/pushes/1/log")[2]
        gate.touch()
        assert until(lambda: states(home)["waiting"][0] == "succeeded")
    assert backup.stat().st_mode & 0o777 == 0o600
    Path(f"{gate}-never").unlink()

    server: PostgreSQL = request.getfixturevalue("server")
    new = server.url(server.create()) if portable or database else ""
    other = there(home, tmp_path, rolf_project, new)
    shutil.rmtree(tmp_path / "stores")
    printed = other.manage("restore", str(backup))
    assert "now lost: 1" in printed
    assert "cancelled: 1" in printed
    assert "unchanged" in other.manage("audit", "verify")
    manifest = manifest_of(backup)
    last = int(manifest["audit_head"].partition(":")[0])
    after = content(other, last)
    assert len(after["audit"]) == last > 0  # type: ignore[arg-type]
    assert f"{after['audit'][-1][0]}:{after['audit'][-1][1]}" == manifest["audit_head"]  # type: ignore[index]
    assert after["secrets"] == before["secrets"]
    assert after["history"] == before["history"]
    assert (after["sessions"], after["workers"]) == (0, 0)
    for key in ("1", "2", "4"):
        assert after["logs"][key] == before["logs"][key]  # type: ignore[index]
    assert str(before["running"]).startswith(str(after["running"]))
    found = states(other)
    assert found["running"][0] == "lost"
    assert "restored from a backup" in str(found["running"][3])
    assert found["waiting"][0] == "cancelled"
    with running(other) as rolf:
        visitor = log_in(rolf)
        assert [page(visitor, 1), page(visitor, 2)] == pages
        assert visitor.open("deployments/1/pushes/1/log")[2] == log
        other.shell(PUSH.format(name="ended"))
        assert until(lambda: states(other)["ended"][0] == "succeeded")
        assert other.shell(NEXT_KEYS).endswith("True")
    assert not Path(f"{gate}-never").exists()


def test_a_restore_replaces_only_if_asked(home: Home, database: str, tmp_path: Path) -> None:
    backup = tmp_path / "rolf.tar"
    configure(home, tmp_path / "stores", database)
    with running(home):
        home.shell(FILL.format(gate=tmp_path / "gate"))
        home.manage("backup", str(backup))
        assert "Rolf runs here" in failing(home, "restore", str(backup))
    home.shell("from deployments.models import Category; Category.objects.create(name='later')")
    assert "this installation has users" in failing(home, "restore", str(backup))
    assert "add --yes" in failing(home, "restore", "--replace", str(backup))
    for _ in range(2):  # a second time, too
        assert "the old database: " in home.manage("restore", "--replace", "--yes", str(backup))
        time.sleep(1.1)
    names = "from deployments.models import Category; print(*Category.objects.values_list('name'))"
    assert "later" not in home.manage("shell", "-v0", "-c", names)
    assert "verified" in home.manage("backup", str(backup))


def failing(home: Home, *words: str) -> str:
    """Run a command of manage.py that must fail; return what it prints."""
    run = subprocess.run(
        ["./manage.py", *words],
        cwd=home.current,
        env=environment(),
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
        check=False,
    )
    assert run.returncode in (1, 2, 3)
    assert "Traceback" not in run.stderr
    return run.stderr


def test_a_damaged_or_newer_backup_is_refused(home: Home, tmp_path: Path) -> None:
    home.manage("migrate", "-v0")
    backup = tmp_path / "rolf.tar"
    home.manage("backup", str(backup))
    assert "verified" in home.manage("restore", "--check", str(backup))
    whole = backup.read_bytes()
    backup.write_bytes(whole.replace(b"SQLite format 3", b"SQLite format 4", 1))
    assert "its SHA-256 differs" in failing(home, "restore", "--check", str(backup))
    backup.write_bytes(whole[: len(whole) // 2])
    assert "backup" in failing(home, "restore", "--check", str(backup))
    backup.write_bytes(whole.replace(b'"0001_initial"', b'"9001_initial"', 1))
    assert "a newer release" in failing(home, "restore", str(backup))
    backup.write_bytes(b"nothing")
    assert "no backup of Rolf" in failing(home, "restore", "--check", str(backup))


def test_a_full_disk_leaves_the_old_backup(home: Home, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "1m"):
        (disk / "rolf.tar").write_bytes(b"old")
        assert "No space left" in failing(home, "backup", str(disk / "rolf.tar"))
        assert [path.name for path in disk.iterdir()] == ["rolf.tar"]
        assert (disk / "rolf.tar").read_bytes() == b"old"


@pytest.mark.needs("strace")
def test_a_killed_backup_leaves_the_old_one(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "backups/rolf.tar"
    target.parent.mkdir()
    target.write_bytes(b"old")
    # SIGKILL instead of the rename that gives the new backup its name.
    kill = ("-qq", "-o", "/dev/null", "-e", "inject=/^rename:error=EIO:signal=KILL")
    run = subprocess.run(
        ["strace", *kill, "./manage.py", "backup", target],
        cwd=home.current,
        env=environment() | {"PYTHONDONTWRITEBYTECODE": "1"},  # which is renamed, too
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    assert target.read_bytes() == b"old"
    assert len(list(target.parent.iterdir())) == 2  # the one that was built
    home.manage("backup", str(target))
    assert [path.name for path in target.parent.iterdir()] == ["rolf.tar"]


LATER = "from deployments.models import Category; Category.objects.create(name='later')"
NAMES = """
from deployments.models import Category, Setting
print(*Category.objects.values_list("name", flat=True),
      *sorted(setting.value for setting in Setting.objects.filter(secret=True)), sep="|")
"""
RESTORED = "Sites|secret of ended|secret of failed|secret of running|secret of waiting"


def test_a_killed_restore_loses_nothing(
    home: Home, database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """SQLite: the old rows or the new ones are there. PostgreSQL: the old ones are kept beside."""
    configure(home, tmp_path / "stores", database)
    home.manage("migrate", "-v0")
    home.shell("from accounts.first_superuser import first_superuser; first_superuser()")
    home.shell(FILL.format(gate=tmp_path / "gate"))
    backup = tmp_path / "rolf.tar"
    home.manage("backup", str(backup))
    home.shell(LATER)
    words = ["./manage.py", "restore", "--replace", "--yes", str(backup)]
    begun = time.monotonic()
    subprocess.run(words, cwd=home.current, env=environment(), check=True, capture_output=True)
    whole = time.monotonic() - begun
    assert home.shell(NAMES) == RESTORED
    home.shell(LATER)
    for number in range(1, 8):
        process = subprocess.Popen(
            words, cwd=home.current, env=environment(), stdout=subprocess.DEVNULL
        )
        time.sleep(whole * (0.5 + number / 16))
        process.kill()
        process.wait()
        if not database:
            assert home.shell(NAMES) in (RESTORED, RESTORED.replace("Sites", "Sites|later"))
    if database:
        server: PostgreSQL = request.getfixturevalue("server")
        name = database.rpartition("/")[2]
        schemas = server.sql(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before_restore_%'", name
        )
        kept = [
            server.sql(f"SELECT name FROM {schema}.deployments_category ORDER BY 1", name)
            for schema in schemas.split()
            if server.sql(f"SELECT to_regclass('{schema}.deployments_category')", name)
        ]
        assert "Sites\nlater" in kept
    time.sleep(1.1)  # the old database is named by the second
    assert "restored" in home.manage("restore", "--replace", "--yes", str(backup))
    assert home.shell(NAMES) == RESTORED
    assert "unchanged" in home.manage("audit", "verify")


def test_a_full_disk_during_a_restore_changes_nothing(home: Home, tmp_path: Path) -> None:
    home.manage("migrate", "-v0")
    home.shell(FILL.format(gate=tmp_path / "gate"))
    backup, database = tmp_path / "rolf.tar", home.current / "data/db.sqlite3"
    home.manage("backup", str(backup))
    home.shell(LATER)
    disk, size = tmp_path / "disk", database.stat().st_size
    with small_disk(disk, f"{size * 3 // 2 // 1024}k"):
        shutil.copy(database, disk / "db.sqlite3")
        (home.current / ".env").write_text(f"DATABASE_URL=sqlite:///{disk}/db.sqlite3\n")
        assert "No space left" in failing(home, "restore", "--replace", "--yes", str(backup))
        assert home.shell(NAMES) == RESTORED.replace("Sites", "Sites|later")


def test_queued_pushes_run_after_a_restore_if_asked(
    home: Home, tmp_path: Path, rolf_project: Path
) -> None:
    gate, backup = tmp_path / "gate", tmp_path / "rolf.tar"
    configure(home, tmp_path / "stores", "")
    with running(home, "--slots", "1"):
        fill(home, gate)
        home.manage("backup", str(backup))
        gate.touch()
    Path(f"{gate}-never").unlink(missing_ok=True)
    other = there(home, tmp_path, rolf_project, "")
    assert "wait for a worker" in other.manage("restore", "--run-queued", str(backup))
    with running(other):
        assert until(lambda: states(other)["waiting"][0] == "succeeded")
    assert Path(f"{gate}-never").exists()


def test_a_backup_without_keys_reveals_no_secret(
    home: Home, tmp_path: Path, rolf_project: Path
) -> None:
    backup = tmp_path / "rolf.tar"
    with running(home):
        home.shell(FILL.format(gate=tmp_path / "gate"))
    (home.current / ".env").write_text("SITE_DOMAIN=rolf.test\n")
    home.manage("backup", "--without-keys", str(backup))
    with tarfile.open(backup) as archive:
        assert sorted(archive.getnames()) == ["database.sqlite3", "manifest.json"]
    assert (home.current / "data/seal.key").read_bytes().strip() not in backup.read_bytes()
    other = Home.laid_out(tmp_path / "there", rolf_project)
    assert "the backup has no key" in failing(other, "restore", str(backup))
    shutil.copy(home.current / "data/seal.key", other.current / "data/seal.key")
    assert "restored" in other.manage("restore", str(backup))


@pytest.mark.needs("age", "age-keygen")
def test_an_encrypted_backup_needs_its_key(home: Home, tmp_path: Path) -> None:
    home.manage("migrate", "-v0")
    key = tmp_path / "key"
    made = subprocess.run(
        ["age-keygen", "-o", key], check=True, capture_output=True, text=True
    ).stderr
    recipient = made.split()[-1]
    (tmp_path / "backups").mkdir()
    for _ in range(3):
        home.manage("backup", "--encrypt", recipient, "--keep", "2", str(tmp_path / "backups"))
        time.sleep(1.1)
    backups = sorted((tmp_path / "backups").iterdir())
    assert len(backups) == 2
    assert b"sqlite" not in backups[0].read_bytes()
    assert "it is encrypted" in failing(home, "restore", "--check", str(backups[0]))
    checked = home.manage("restore", "--check", "--identity", str(key), str(backups[0]))
    assert "verified" in checked


def test_a_log_that_moves_meanwhile_is_whole(home: Home, tmp_path: Path) -> None:
    """Logs move from the database into the store during many backups."""
    configure(home, tmp_path / "stores", "")
    gate = tmp_path / "gate"
    gate.touch()
    with running(home):
        home.shell(FILL.format(gate=gate))
        for number in range(3):
            home.shell(PUSH.format(name="ended"))
            backup = tmp_path / f"{number}.tar"
            while not states(home)["ended"][1]:
                home.manage("backup", str(backup))
            assert "verified" in home.manage("restore", "--check", str(backup))
            _assert_whole(backup)


def _assert_whole(backup: Path) -> None:
    """Check that each log has all of its bytes, in rows or in objects."""
    with tarfile.open(backup) as archive:
        archive.extract("database.sqlite3", backup.parent, filter="data")
        names = set(archive.getnames())
        database = sqlite3.connect(backup.parent / "database.sqlite3")
        for key, size in database.execute("SELECT id, log_bytes FROM pushes_push").fetchall():
            found = 0
            for at, data, digest in database.execute(
                "SELECT offset, data, digest FROM pushes_logchunk WHERE push_id = ?", [key]
            ):
                if digest:
                    name = f"stores/logs/{key // 1000}/{key}/{at}-{digest.hex()}"
                    assert name in names
                    frame = archive.extractfile(name).read()  # type: ignore[union-attr]
                    end = 4 + int.from_bytes(frame[:4], "big")
                    data = zlib.decompress(frame[4:end])
                found += len(data)
            assert found == size
        database.close()
