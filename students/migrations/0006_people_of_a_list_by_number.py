from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('students', '0005_one_crosscheck_at_a_time'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='registerperson',
            name='registerperson_by_id_number',
        ),
        migrations.AddIndex(
            model_name='registerperson',
            index=models.Index(fields=['id_number_index', 'snapshot'], name='registerperson_by_number'),
        ),
    ]
