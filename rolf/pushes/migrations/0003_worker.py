"""The model Worker moves here from the application `worker`; its table stays as it is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pushes", "0002_switches"),
        ("worker", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Worker",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("name", models.CharField(max_length=64, unique=True)),
                        ("machine", models.CharField(max_length=200)),
                        ("pid", models.PositiveIntegerField()),
                        ("started", models.DateTimeField(auto_now_add=True)),
                        ("beat", models.DateTimeField()),
                        ("ended", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={"db_table": "worker_worker"},
                ),
                migrations.AlterField(
                    model_name="push",
                    name="worker",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="pushes",
                        to="pushes.worker",
                    ),
                ),
            ]
        ),
    ]
