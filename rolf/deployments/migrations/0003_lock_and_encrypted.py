"""Name four fields as the pages do. Their columns keep their names, so no table changes."""

from django.db import migrations, models

RENAMED = [
    ("deployment", "closed", "lock_reason", models.CharField, {"max_length": 200}),
    ("deployment", "closed_by", "locked_by", models.CharField, {"max_length": 150}),
    ("deployment", "closed_at", "locked_at", models.DateTimeField, {"null": True}),
    ("setting", "sealed", "encrypted", models.TextField, {"editable": False}),
]


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0002_served"),
    ]

    operations = [
        operation
        for model, old, new, field, options in RENAMED
        for operation in (
            migrations.AlterField(model, old, field(blank=True, db_column=old, **options)),
            migrations.RenameField(model, old, new),
        )
    ]
