"""The optional requirements of Rolf: an installation without them needs none of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.rolf_home import Home, environment, running

# The libraries of the options; each is imported only if a setting asks for it.
LIBRARIES = [
    "boto3",
    "cas",
    "django_auth_ldap",
    "django_cas_ng",
    "django_otp",
    "django_otp_webauthn",
    "django_rq",
    "django_tasks_rq",
    "ldap",
    "mozilla_django_oidc",
    "psycopg",
    "redis",
    "rq",
    "segno",
    "storages",
    "webauthn",
]
IMPORTABLE = """
import importlib.util, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(name)])
"""
IMPORTED = f"""
import sys
from django.urls import get_resolver
get_resolver().url_patterns
print(*sorted(set(sys.modules) & set({LIBRARIES!r})))
"""


def test_all_options_can_be_imported(rolf_project: Path) -> None:
    assert _importable(rolf_project) == LIBRARIES


def test_vendored_options_agree_with_the_lock(rolf_project: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "vendor_fetch", "--project", rolf_project, "check"],
        text=True,
        check=False,
        capture_output=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_base_rolf_runs(base_rolf_project: Path, tmp_path: Path) -> None:
    assert _importable(base_rolf_project) == []
    home = Home.laid_out(tmp_path / "server", base_rolf_project)
    with running(home) as rolf:
        assert rolf.get("healthz") == 200
        assert rolf.get("") == 200


def test_base_rolf_passes_its_checks(base_rolf_project: Path) -> None:
    run = subprocess.run(
        ["ve/bin/python", "-W", "error", "manage.py", "makemigrations", "--check", "--dry-run"],
        cwd=base_rolf_project,
        env=environment(),
        text=True,
        check=False,
        capture_output=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_no_option_is_imported_without_its_setting(home: Home) -> None:
    assert home.shell(IMPORTED) == ""


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ("LOG_LEVEL=loud", "KeyError: 'LOUD'"),
        ("KEEP_LOGS=soon", 'KEEP_LOGS = env.int("KEEP_LOGS", default=90)\n  next: ${EDITOR:-vi} '),
        ("METRICS_ADDRESSES=web1", "'web1' does not appear to be an IPv4 or IPv6 network\n  at "),
        ("DATABASE_URL=rolf", "\n  next: ${EDITOR:-vi} "),
        ("LOGIN_METHODS=sso", 'LOGIN_METHODS: "sso" is not one of local, '),
        ("LOGIN_METHODS=ldap", '"-r login-ldap.in" in requirements/apps.in.\n  next: make vendor'),
        (
            "DATABASE_URL=postgres:///rolf",
            '"-r postgresql.in" in requirements/apps.in.\n  next: make',
        ),
        (
            "ROLF_QUEUE_URL=redis://localhost",
            '"-r redis.in" in requirements/apps.in.\n  next: make',
        ),
    ],
)
def test_wrong_settings_show_no_traceback(
    base_rolf_project: Path, setting: str, fault: str
) -> None:
    name, _, value = setting.partition("=")
    run = subprocess.run(
        ["./manage.py", "check"],
        cwd=base_rolf_project,
        env={**environment(), name: value},
        text=True,
        check=False,
        capture_output=True,
    )
    assert run.returncode == 1
    assert fault in run.stderr
    assert "Traceback" not in run.stderr


def _importable(project: Path) -> list[str]:
    run = subprocess.run(
        ["ve/bin/python", "-c", IMPORTABLE, *LIBRARIES],
        cwd=project,
        text=True,
        check=True,
        capture_output=True,
    )
    return run.stdout.split()
