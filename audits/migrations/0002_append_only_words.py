"""What was said to a finding, and every step of a question, is only ever added to."""

from django.db import migrations

from common.append_only import protection


class Migration(migrations.Migration):
    dependencies = [("audits", "0001_first"), ("accounts", "0002_append_only_actions")]

    operations = [protection("audits_findingword", "audits_questionentry")]
