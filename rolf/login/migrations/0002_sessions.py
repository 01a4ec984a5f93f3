"""Copy the open sessions from Django's table, so that an upgrade logs nobody out."""

import uuid

from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone

WAS, IS = "django.contrib.auth.backends.ModelBackend", "login.methods.local.Backend"


def copy(apps, schema_editor):
    """Copy the sessions of users that have not expired."""
    users = set(apps.get_model("accounts", "User").objects.values_list("pk", flat=True))
    sessions = apps.get_model("login", "Session").objects
    now = timezone.now()
    for row in apps.get_model("sessions", "Session").objects.filter(expire_date__gt=now).iterator():
        data = SessionStore().decode(row.session_data)
        if data.get(BACKEND_SESSION_KEY) == WAS and int(data[SESSION_KEY]) in users:
            sessions.create(
                session_key=row.session_key,
                session_data=SessionStore().encode({**data, BACKEND_SESSION_KEY: IS}),
                expire_date=row.expire_date,
                number=uuid.uuid4(),
                user_id=int(data[SESSION_KEY]),
                method="local",
                last_seen=now,
            )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_name_key_central"),
        ("login", "0001_initial"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
