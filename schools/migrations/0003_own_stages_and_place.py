from django.db import migrations, models


def copy_from_town(apps, schema_editor):
    """Until now a school was in the county town where its town was."""
    School = apps.get_model("schools", "School")
    School.objects.filter(town__is_county_town=True).update(is_county_town=True)


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0002_due_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='school',
            name='is_county_town',
            field=models.BooleanField(default=False, verbose_name='县城学校'),
        ),
        migrations.AddField(
            model_name='school',
            name='stages',
            field=models.ManyToManyField(blank=True, help_text='不选表示与学校类型的学段相同', related_name='schools', to='schools.stage', verbose_name='学段'),
        ),
        migrations.RunPython(copy_from_town, migrations.RunPython.noop),
    ]
