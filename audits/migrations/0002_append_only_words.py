"""What was said to a finding, and every step of a question, is only ever added to."""

from django.db import migrations

TABLES = ("audits_findingword", "audits_questionentry")


def protect(apps, schema_editor):
    for table in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION aidcenter_append_only()"
            )
            continue
        for act in ("update", "delete"):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def release(apps, schema_editor):
    for table in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            continue
        for act in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {table}_no_{act}")


class Migration(migrations.Migration):
    dependencies = [("audits", "0001_first"), ("accounts", "0002_append_only_actions")]

    operations = [migrations.RunPython(protect, release)]
