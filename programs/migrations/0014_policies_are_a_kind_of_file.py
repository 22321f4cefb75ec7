from django.db import migrations


def say(apps, schema_editor):
    """The files of policy documents, also those that were replaced since: schools may read them."""
    Policy = apps.get_model("programs", "PolicyDocument")
    File = apps.get_model("jobs", "StoredFile")
    Action = apps.get_model("accounts", "Action")
    keys = set(Policy.objects.exclude(file=None).values_list("file", flat=True))
    changes = Action.objects.filter(verb="document.changed", target_type="programs.policydocument")
    keys |= {key for details in changes.values_list("details", flat=True) if (key := details.get("file_before"))}
    File.objects.filter(pk__in=keys, kind="document").update(kind="policy")


def unsay(apps, schema_editor):
    apps.get_model("jobs", "StoredFile").objects.filter(kind="policy").update(kind="document")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_actions_by_moment"),
        ("jobs", "0006_a_kind_for_policies"),
        ("programs", "0013_a_list_that_holds_says_since_when"),
    ]

    operations = [migrations.RunPython(say, unsay)]
