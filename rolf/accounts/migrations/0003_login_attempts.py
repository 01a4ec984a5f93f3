"""Rename the model of login attempts; its table keeps its name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_tries_groups_sessions"),
    ]

    operations = [
        migrations.AlterModelTable(name="tries", table="accounts_tries"),
        migrations.RenameModel(old_name="Tries", new_name="LoginAttempts"),
        migrations.AlterModelOptions(
            name="loginattempts", options={"verbose_name_plural": "login attempts"}
        ),
    ]
