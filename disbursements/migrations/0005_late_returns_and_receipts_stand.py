"""Late returns and receipts of recoveries are money on record: they are only ever added to."""

from django.db import migrations

TABLES = ("disbursements_bounce", "disbursements_recoveryreceipt")


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
    dependencies = [("disbursements", "0004_shares_until_now")]

    operations = [
        migrations.RunPython(protect, release),
    ]
