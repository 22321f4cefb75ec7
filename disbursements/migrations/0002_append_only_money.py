"""The ledger is only ever added to, and a payment that arrived is never changed."""

from django.db import migrations

SQLITE = (
    "CREATE TRIGGER disbursements_ledgerentry_no_update BEFORE UPDATE ON disbursements_ledgerentry"
    " BEGIN SELECT RAISE(ABORT, 'disbursements_ledgerentry is append-only'); END",
    "CREATE TRIGGER disbursements_ledgerentry_no_delete BEFORE DELETE ON disbursements_ledgerentry"
    " BEGIN SELECT RAISE(ABORT, 'disbursements_ledgerentry is append-only'); END",
    "CREATE TRIGGER disbursements_payment_posted_no_update BEFORE UPDATE ON disbursements_payment"
    " WHEN OLD.state = 'paid' BEGIN SELECT RAISE(ABORT, 'a posted payment is final'); END",
    "CREATE TRIGGER disbursements_payment_posted_no_delete BEFORE DELETE ON disbursements_payment"
    " WHEN OLD.state = 'paid' BEGIN SELECT RAISE(ABORT, 'a posted payment is final'); END",
)
POSTGRESQL = (
    "CREATE TRIGGER disbursements_ledgerentry_append_only BEFORE UPDATE OR DELETE ON disbursements_ledgerentry"
    " FOR EACH ROW EXECUTE FUNCTION aidcenter_append_only()",
    "CREATE TRIGGER disbursements_payment_posted BEFORE UPDATE OR DELETE ON disbursements_payment"
    " FOR EACH ROW WHEN (OLD.state = 'paid') EXECUTE FUNCTION aidcenter_append_only()",
)


def protect(apps, schema_editor):
    statements = POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE
    for statement in statements:
        schema_editor.execute(statement)


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER disbursements_ledgerentry_append_only ON disbursements_ledgerentry")
        schema_editor.execute("DROP TRIGGER disbursements_payment_posted ON disbursements_payment")
    else:
        for statement in SQLITE:
            schema_editor.execute("DROP TRIGGER " + statement.split()[2])


class Migration(migrations.Migration):
    dependencies = [("disbursements", "0001_first"), ("accounts", "0002_append_only_actions")]

    operations = [migrations.RunPython(protect, release)]
