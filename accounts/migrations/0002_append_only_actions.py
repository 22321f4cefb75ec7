"""The action log is only ever added to: both databases refuse to change or delete a row."""

from django.db import migrations

SQLITE = (
    "CREATE TRIGGER accounts_action_no_update BEFORE UPDATE ON accounts_action"
    " BEGIN SELECT RAISE(ABORT, 'accounts_action is append-only'); END",
    "CREATE TRIGGER accounts_action_no_delete BEFORE DELETE ON accounts_action"
    " BEGIN SELECT RAISE(ABORT, 'accounts_action is append-only'); END",
)
POSTGRESQL = """
CREATE FUNCTION aidcenter_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER accounts_action_append_only BEFORE UPDATE OR DELETE ON accounts_action
FOR EACH ROW EXECUTE FUNCTION aidcenter_append_only();
"""


def protect(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
    else:
        for statement in SQLITE:
            schema_editor.execute(statement)


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER accounts_action_append_only ON accounts_action")
        schema_editor.execute("DROP FUNCTION aidcenter_append_only()")
    else:
        schema_editor.execute("DROP TRIGGER accounts_action_no_update")
        schema_editor.execute("DROP TRIGGER accounts_action_no_delete")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_first")]

    operations = [migrations.RunPython(protect, release)]
