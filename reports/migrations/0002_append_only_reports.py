"""A report that was handed in is never changed: what is to be said otherwise is another version."""

from django.db import migrations

from common.append_only import protection


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_first"), ("accounts", "0002_append_only_actions")]

    operations = [protection("reports_handedin")]
