"""What was on record before: each quota arrived whole, and what a batch was to pay is what it pays."""

from importlib import import_module

from django.db import migrations, models

protection = import_module("disbursements.migrations.0002_append_only_money")


def arrived_whole(apps, schema_editor):
    """Until now a quota was money on the account: each has one arrival, on the day of its document."""
    Quota = apps.get_model("disbursements", "Quota")
    Arrival = apps.get_model("disbursements", "Arrival")
    LedgerEntry = apps.get_model("disbursements", "LedgerEntry")
    protection.release(apps, schema_editor)
    for quota in Quota.objects.order_by("pk"):
        arrival = Arrival.objects.create(
            quota=quota,
            amount_fen=quota.amount_fen,
            arrived_on=quota.issued_on,
            entered_by=quota.entered_by,
            entered_at=quota.entered_at,
        )
        LedgerEntry.objects.filter(quota=quota, kind="arrived").update(arrival=arrival)
    protection.protect(apps, schema_editor)


def planned_as_built(apps, schema_editor):
    Batch = apps.get_model("disbursements", "Batch")
    Batch.objects.update(planned_people=models.F("people"), planned_fen=models.F("amount_fen"))


class Migration(migrations.Migration):
    dependencies = [("disbursements", "0006_banks_three_signatures_and_arrivals")]

    operations = [
        migrations.RunPython(arrived_whole, migrations.RunPython.noop),
        migrations.RunPython(planned_as_built, migrations.RunPython.noop),
    ]
