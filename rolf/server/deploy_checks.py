"""What `manage.py check --deploy` says about this installation: its settings, files and accounts.

Each message ends with the next command. What only an installation in use can have is checked if
there are accounts, so that a fresh checkout passes.
"""

import os
import shlex
import stat
import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from bootstrapper.errors import WorkFailed
from django.conf import settings
from django.core.checks import Info, Tags, Warning, register
from django.db import Error, connection

from accounts.first_superuser import NAME
from accounts.models import User
from audit.models import Entry
from deployments.stage_account import stage_account
from pushes.models import Worker

SHORTEST_TOKEN = 24  # characters
LARGEST_NETWORK = 65_536  # addresses
STRONG = ("Argon2", "Scrypt", "PBKDF2", "BCrypt")
DATA = Path(settings.BASE_DIR) / "data"
EDIT = f"next: ${{EDITOR:-vi}} {shlex.quote(str(Path(settings.BASE_DIR) / '.env'))}"
MANAGE = f"next: {shlex.quote(sys.executable)} manage.py"


@register(Tags.security, deploy=True)
def check_settings(app_configs, **more):
    """Return warnings about settings."""
    found = []
    if settings.DEBUG:
        found.append(
            _warning(
                1,
                "These are the settings for development: with DEBUG, error pages show code.",
                f"{EDIT}  # DJANGO_SETTINGS_MODULE=rolf.settings.embedded, those of ./manage.py "
                "rolf; under mod_wsgi rolf.settings.production",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            _warning(
                2,
                "ALLOWED_HOSTS is *: a forged Host header gets into links.",
                f"{EDIT}  # ALLOWED_HOSTS",
            )
        )
    if not settings.SESSION_COOKIE_SECURE:
        found.append(
            _warning(
                3,
                "Browsers send cookies and passwords without TLS.",
                f"{EDIT}  # TLS_PROXY=true, behind a proxy that ends TLS",
            )
        )
    if not any(name in settings.PASSWORD_HASHERS[0] for name in STRONG):
        found.append(
            _warning(
                4,
                f"{settings.PASSWORD_HASHERS[0]} is a weak hash of passwords.",
                f"{EDIT}  # and PASSWORD_HASHERS in the settings: Argon2 first",
            )
        )
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        found.append(
            _warning(
                5,
                f"METRICS_TOKEN has fewer than {SHORTEST_TOKEN} characters.",
                "next: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )
        )
    for each in settings.METRICS_ADDRESSES:
        if ip_network(each, strict=False).num_addresses > LARGEST_NETWORK:
            found.append(
                _warning(
                    6, f"METRICS_ADDRESSES: {each} can read /metrics.", f"{EDIT}  # the address"
                )
            )
    if not settings.AUDIT_SINKS:
        found.append(
            Info(
                "The audit log has no copy: a database owner can rewrite it.",
                hint=f"{EDIT}  # AUDIT_SINKS, docs/rolf-operation.md",
                id="rolf.I001",
            )
        )
    return found


@register(Tags.security, deploy=True)
def check_installation(app_configs, **more):
    """Return warnings about the files, the database and the accounts of an installation in use."""
    if connection.vendor == "sqlite" and _is_absent(connection.settings_dict["NAME"]):
        return []  # a connection would create the file
    try:
        if User._meta.db_table not in connection.introspection.table_names():
            return []
        if not User.objects.exists():
            return []
        return [*_files(), *_machines(), *_accounts()]
    except Error:
        return []  # the database does not answer, or migrations are missing: /readyz says so


def _is_shared(path):
    return path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _files():
    # SQLite creates its file with the mode 0644, which nobody sees in a closed directory.
    names = ("seal.key", "secret_key", *(["db.sqlite3"] if _is_shared(DATA) else []))
    for path in (DATA, *(DATA / name for name in names)):
        if _is_shared(path):
            yield _warning(
                7,
                f"{path}: other users of this machine can read it.",
                f"next: chmod go= {_quoted(path)}",
            )
    database = connection.settings_dict["NAME"]
    if (
        connection.vendor == "sqlite"
        and not settings.SEAL_KEYS
        and Path(database).parent == settings.SEAL_KEY_FILE.parent
    ):
        yield Info(
            f"{settings.SEAL_KEY_FILE} is beside the database: a backup of the directory has both, "
            "and so every secret.",
            hint=f"next: rsync -a --exclude=seal.key --exclude=work {_quoted(DATA)}/ BACKUP/  "
            "# and the key to another place",
            id="rolf.I002",
        )
    if settings.STAGE_USER:
        try:
            stage_account().run(["true"])
        except WorkFailed as error:
            yield _warning(
                13,
                f"The stage user {settings.STAGE_USER}: {error.fault}. Every push fails.",
                "next: less docs/rolf-stage-user.md  # the line of sudoers",
            )
    else:
        yield Info(
            "Stages run as the user of Rolf: a user with edit permission can read "
            f"{DATA} and the key.",
            hint="next: less docs/rolf-stage-user.md  # stages as another system user",
            id="rolf.I003",
        )
    if os.geteuid() == 0:
        yield _warning(
            8,
            "This command, and so perhaps Rolf, runs as root.",
            "next: systemctl edit rolf  # User=",
        )


def _machines():
    machines = {worker.host for worker in Worker.objects.filter(ended=None)}
    if connection.vendor == "sqlite" and len(machines) > 1:
        yield _warning(
            9,
            f"Workers of {len(machines)} machines share one SQLite file, which damages it.",
            f"{EDIT}  # DATABASE_URL=postgres://…",
        )


def _accounts():
    superusers = User.objects.filter(is_superuser=True, is_active=True)
    for user in superusers.filter(username=NAME):
        if _has_first_password(user):
            yield _warning(
                10,
                f"{user} has the password that the first start printed into the log.",
                f"{MANAGE} changepassword {NAME}",
            )
    if getattr(settings, "LOGIN_SECOND_FACTOR", "") not in ("superusers", "everybody"):
        local = [user.get_username() for user in superusers if user.has_usable_password()]
        if local:
            yield _warning(
                11,
                f"A password alone logs in as a superuser: {', '.join(sorted(local)[:5])}.",
                f"{EDIT}  # LOGIN_SECOND_FACTOR=superusers, docs/rolf-login.md",
            )
    weak = [
        user.get_username()
        for user in User.objects.filter(is_active=True).only("username", "password")
        if user.has_usable_password()
        and user.password.partition("$")[0] in ("md5", "sha1", "unsalted")
    ]
    if weak:
        yield _warning(
            12,
            f"Passwords with a weak hash, of {len(weak)} accounts: {', '.join(sorted(weak)[:5])}.",
            f"{MANAGE} changepassword {sorted(weak)[0]}",
        )


def _has_first_password(user):
    """Return whether nobody has changed the password that the account was created with."""
    if not (user.has_usable_password() and user.password_set):
        return False
    made_at_once = abs(user.password_set - user.date_joined) < timedelta(seconds=5)
    changed = Entry.objects.filter(action="user.password", target=user.get_username())
    return made_at_once and not changed.exists()


def _is_absent(name):
    return not str(name).startswith("file:") and not Path(name).exists()


def _warning(number, text, hint):
    return Warning(text, hint=hint, id=f"rolf.W{number:03}")


def _quoted(path):
    return shlex.quote(str(path))
