from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("programs", "0012_lists_hold_from_a_moment"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='recognitionlist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('in_force_at', None), ('state__in', ['uploaded', 'refused'])), models.Q(('in_force_at__isnull', False), ('state__in', ['in_force', 'superseded'])), _connector='OR'), name='recognitionlist_in_force_since'),
        ),
    ]
