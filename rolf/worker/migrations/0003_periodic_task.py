from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("worker", "0002_worker"),
    ]

    operations = [
        migrations.CreateModel(
            name="PeriodicTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, unique=True)),
                ("last", models.DateTimeField()),
            ],
        ),
    ]
