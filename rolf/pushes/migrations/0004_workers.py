import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models import F

import database.clock


def set_queued(apps, schema_editor):
    """Set `queued` of existing pushes to the time of their creation."""
    apps.get_model("pushes", "Push").objects.update(queued=F("created"))


class Migration(migrations.Migration):
    dependencies = [
        ("pushes", "0003_worker"),
    ]

    operations = [
        migrations.AddField(
            model_name="push",
            name="claims",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="push",
            name="queued",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), default=database.clock.now
            ),
        ),
        migrations.RunPython(set_queued, migrations.RunPython.noop),
        migrations.AddField(
            model_name="worker",
            name="draining",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="worker",
            name="labels",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="worker",
            name="release",
            field=models.CharField(blank=True, db_default="", max_length=80),
        ),
        migrations.AddField(
            model_name="worker",
            name="slots",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AlterField(
            model_name="push",
            name="created",
            field=models.DateTimeField(default=database.clock.now),
        ),
        migrations.AlterField(
            model_name="worker",
            name="beat",
            field=models.DateTimeField(default=database.clock.now),
        ),
        migrations.AlterField(
            model_name="worker",
            name="started",
            field=models.DateTimeField(default=database.clock.now),
        ),
    ]
