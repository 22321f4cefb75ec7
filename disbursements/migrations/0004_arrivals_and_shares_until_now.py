"""What is on record before arrivals and shares had rows of their own."""

from django.db import migrations


def take_along(apps, schema_editor):
    """What was entered until now arrived on the day of its document; what was approved is shared as on that day."""
    Quota, Arrival = apps.get_model("disbursements", "Quota"), apps.get_model("disbursements", "Arrival")
    Batch, BatchShare = apps.get_model("disbursements", "Batch"), apps.get_model("disbursements", "BatchShare")
    Share = apps.get_model("programs", "Share")
    Arrival.objects.bulk_create(
        Arrival(
            quota=quota, amount_fen=quota.amount_fen, arrived_on=quota.issued_on, entered_by_id=quota.entered_by_id,
            entered_at=quota.entered_at,
        )
        for quota in Quota.objects.order_by("pk")
    )
    for batch in Batch.objects.filter(approved_at__isnull=False).select_related("term"):
        day = batch.term.starts_on
        shares = Share.objects.filter(program=batch.program_id, valid_from__lte=day)
        BatchShare.objects.bulk_create(
            BatchShare(batch=batch, payer=share.payer, per_mille=share.per_mille)
            for share in shares.exclude(valid_to__lt=day).order_by("pk")
        )


class Migration(migrations.Migration):
    dependencies = [("disbursements", "0003_banks_bounces_recoveries_and_arrivals")]

    operations = [migrations.RunPython(take_along, migrations.RunPython.noop)]
