"""How often an address may ask on the pages that are open to anybody."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_principals'),
    ]

    operations = [
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('mark', models.CharField(max_length=32, primary_key=True, serialize=False)),
                ('used', models.PositiveIntegerField(default=1, verbose_name='次数')),
                ('ends_at', models.DateTimeField(verbose_name='至')),
            ],
            options={
                'verbose_name': '访问次数',
                'verbose_name_plural': '访问次数',
                'ordering': ('mark',),
                'indexes': [models.Index(fields=['ends_at'], name='allowance_by_end')],
            },
        ),
    ]
