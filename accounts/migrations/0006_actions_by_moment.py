"""The log is asked by days: without an index each question reads a million rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_how_often_an_address_may_ask")]

    operations = [
        migrations.AddIndex(
            model_name="action",
            index=models.Index(fields=["at"], name="action_by_moment"),
        ),
    ]
