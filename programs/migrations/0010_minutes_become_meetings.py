from django.db import migrations

PUBLIC = ("published", "closed", "recorded")


def take_over(apps, schema_editor):
    """The one meeting of each round becomes a row; where its result is public, it stands."""
    Round = apps.get_model("programs", "RecognitionRound")
    Meeting = apps.get_model("programs", "PanelMeeting")
    Application = apps.get_model("programs", "Application")
    for each in Round.objects.exclude(panel_on=None).order_by("pk").iterator():
        noted_at = each.reviewed_at or each.begun_at
        meeting = Meeting.objects.create(
            round_id=each.pk,
            held_on=each.panel_on,
            present=each.panel_present,
            minutes=each.minutes,
            minutes_file_id=each.minutes_file_id,
            noted_by_id=each.reviewed_by_id or each.begun_by_id,
            noted_at=noted_at,
            published_at=noted_at if each.state in PUBLIC else None,
        )
        Application.objects.filter(round_id=each.pk, state="decided").update(meeting=meeting)


def give_back(apps, schema_editor):
    """The newest meeting of each round."""
    Round = apps.get_model("programs", "RecognitionRound")
    Meeting = apps.get_model("programs", "PanelMeeting")
    for each in Meeting.objects.order_by("pk").iterator():
        Round.objects.filter(pk=each.round_id).update(
            panel_on=each.held_on,
            panel_present=each.present,
            minutes=each.minutes,
            minutes_file_id=each.minutes_file_id,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("programs", "0009_meetings_of_panels_and_rounds_that_end"),
    ]

    operations = [migrations.RunPython(take_over, give_back)]
