"""Late returns and receipts of recoveries are money on record: they are only ever added to."""

from django.db import migrations

from common.append_only import protection


class Migration(migrations.Migration):
    dependencies = [("disbursements", "0004_shares_until_now")]

    operations = [protection("disbursements_bounce", "disbursements_recoveryreceipt")]
