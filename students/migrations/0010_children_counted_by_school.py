"""The board counts the children of every school from an index, alike on both databases."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0003_own_stages_and_place'),
        ('students', '0009_schooling_of_listed_people'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='enrollment',
            index=models.Index(fields=['term', 'school', 'state'], name='enrollment_by_school'),
        ),
    ]
