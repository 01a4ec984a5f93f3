"""Create the audit log, and let the database refuse changes of its chain."""

from django.db import migrations, models

EVENT = [
    ("at", models.DateTimeField()),
    ("action", models.CharField(max_length=64)),
    ("outcome", models.CharField(max_length=16)),
    ("user_key", models.BigIntegerField(null=True)),
    ("user_name", models.CharField(blank=True, max_length=150)),
    ("address", models.CharField(blank=True, max_length=64)),
    ("request_id", models.CharField(blank=True, max_length=64)),
    ("target", models.CharField(blank=True, max_length=200)),
    ("details", models.TextField(default="{}")),
]

# A row must follow the last one, so it cannot replace another either: SQLite's INSERT OR REPLACE
# fires no trigger of DELETE.
SQLITE = [
    """
    CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entry_insert BEFORE INSERT ON audit_entry
    WHEN NEW.sequence IS NOT (SELECT COALESCE(MAX(sequence), 0) + 1 FROM audit_entry)
    OR NEW.previous IS NOT COALESCE(
        (SELECT hash FROM audit_entry ORDER BY sequence DESC LIMIT 1), '{begin}')
    BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END
    """,
    """
    CREATE TRIGGER audit_head_delete BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'audit_head has one row'); END
    """,
    """
    CREATE TRIGGER audit_head_update BEFORE UPDATE ON audit_head
    WHEN NEW.sequence < OLD.sequence OR NEW.id <> OLD.id
    BEGIN SELECT RAISE(ABORT, 'audit_head only advances'); END
    """,
    """
    CREATE TRIGGER audit_head_insert BEFORE INSERT ON audit_head
    WHEN EXISTS (SELECT 1 FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'audit_head has one row'); END
    """,
]

POSTGRESQL = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last record;
BEGIN
    SELECT sequence, hash INTO last FROM audit_entry ORDER BY sequence DESC LIMIT 1;
    IF NEW.sequence IS DISTINCT FROM COALESCE(last.sequence, 0) + 1
    OR NEW.previous IS DISTINCT FROM COALESCE(last.hash, '{begin}') THEN
        RAISE EXCEPTION 'audit_entry is append-only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION audit_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence < OLD.sequence OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'audit_head only advances' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_entry_change BEFORE UPDATE OR DELETE ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entry_insert BEFORE INSERT ON audit_entry
FOR EACH ROW EXECUTE FUNCTION audit_follow();
CREATE TRIGGER audit_head_change BEFORE DELETE ON audit_head
FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_truncate BEFORE TRUNCATE ON audit_head
FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_head_advance BEFORE UPDATE ON audit_head
FOR EACH ROW EXECUTE FUNCTION audit_advance()
"""
BEGIN = "0" * 64


def begin(apps, schema_editor):
    """Create the head of an empty chain, then the triggers."""
    apps.get_model("audit", "Head").objects.create(pk=1, sequence=0, hash=BEGIN)
    vendor = schema_editor.connection.vendor
    statements = {"sqlite": SQLITE, "postgresql": [POSTGRESQL]}.get(vendor, [])
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(begin=BEGIN))


def end(apps, schema_editor):
    """Drop what the tables do not drop themselves."""
    if schema_editor.connection.vendor == "postgresql":
        for name in ("audit_refuse", "audit_follow", "audit_advance"):
            schema_editor.execute(f"DROP FUNCTION {name} CASCADE")


class Migration(migrations.Migration):
    """The models Entry and Head get `managed = False` after their tables were created."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Pending",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                *EVENT,
            ],
            options={"default_permissions": (), "abstract": False},
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sequence", models.BigIntegerField()),
                ("hash", models.CharField(max_length=64)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                *[(name, field.clone()) for name, field in EVENT],
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("previous", models.CharField(max_length=64)),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["-sequence"],
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["action", "-sequence"], name="audit_by_action"),
                    models.Index(fields=["user_name", "-sequence"], name="audit_by_user"),
                    models.Index(fields=["target", "-sequence"], name="audit_by_target"),
                    models.Index(fields=["at"], name="audit_by_time"),
                ],
            },
        ),
        migrations.RunPython(begin, end, elidable=False),
        migrations.AlterModelOptions(
            name="head", options={"managed": False, "default_permissions": ()}
        ),
        migrations.AlterModelOptions(
            name="entry",
            options={"managed": False, "default_permissions": (), "ordering": ["-sequence"]},
        ),
    ]
