"""How batches that were approved before are borne: as on the first day of their term, which held for them until now."""

from django.db import migrations


def take_along(apps, schema_editor):
    Batch, BatchShare = apps.get_model("disbursements", "Batch"), apps.get_model("disbursements", "BatchShare")
    Share = apps.get_model("programs", "Share")
    for batch in Batch.objects.filter(approved_at__isnull=False).select_related("term"):
        day = batch.term.starts_on
        shares = Share.objects.filter(program=batch.program_id, valid_from__lte=day)
        BatchShare.objects.bulk_create(
            BatchShare(batch=batch, payer=share.payer, per_mille=share.per_mille)
            for share in shares.exclude(valid_to__lt=day).order_by("pk")
        )


class Migration(migrations.Migration):
    dependencies = [("disbursements", "0003_shares_late_returns_and_recoveries")]

    operations = [migrations.RunPython(take_along, migrations.RunPython.noop)]
