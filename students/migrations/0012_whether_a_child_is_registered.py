from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("students", "0011_withdrawn_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrollment",
            name="is_registered",
            field=models.BooleanField(blank=True, null=True, verbose_name="有学籍"),
        ),
    ]
