from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0003_lock_and_encrypted"),
    ]

    operations = [
        migrations.AddField(
            model_name="deployment",
            name="labels",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
        migrations.AddField(
            model_name="survey",
            name="claimed",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
