from django.db import migrations


def say(apps, schema_editor):
    """The files of policy documents as they are now: schools may read them."""
    Policy = apps.get_model("programs", "PolicyDocument")
    File = apps.get_model("jobs", "StoredFile")
    keys = Policy.objects.exclude(file=None).values("file")
    File.objects.filter(pk__in=keys, kind="document").update(kind="policy")


def unsay(apps, schema_editor):
    apps.get_model("jobs", "StoredFile").objects.filter(kind="policy").update(kind="document")


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0006_a_kind_for_policies"),
        ("programs", "0013_a_list_that_holds_says_since_when"),
    ]

    operations = [migrations.RunPython(say, unsay)]
