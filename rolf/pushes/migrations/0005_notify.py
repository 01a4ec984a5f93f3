"""On PostgreSQL, triggers notify workers of what waits, and web servers of pushes that changed."""

from django.db import migrations

from database.notifications import trigger

TRIGGERS = [
    trigger("rolf_push_waits", "pushes_push", "rolf_work", "NEW.state = 'queued'"),
    trigger(
        "rolf_survey_waits",
        "deployments_survey",
        "rolf_work",
        "NEW.answered IS NULL AND NEW.claimed IS NULL",
    ),
    trigger("rolf_push_changed", "pushes_push", "rolf_push", "TRUE"),
]


def _run(which):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statements in TRIGGERS:
                schema_editor.execute(statements[which], params=None)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("pushes", "0004_workers"),
        ("deployments", "0004_labels"),
    ]

    operations = [migrations.RunPython(_run(0), _run(1))]
