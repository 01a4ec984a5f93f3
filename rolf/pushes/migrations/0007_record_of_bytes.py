from django.db import migrations

import database.fields


class Migration(migrations.Migration):
    dependencies = [
        ("pushes", "0006_logs_for_years"),
    ]

    operations = [
        migrations.AlterField(
            model_name="push",
            name="record",
            field=database.fields.BytesJSONField(null=True),
        ),
    ]
