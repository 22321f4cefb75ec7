"""A table of stages with the groups of hardship side by side."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reports', '0002_append_only_reports'),
    ]

    operations = [
        migrations.AlterField(
            model_name='handedin',
            name='layout',
            field=models.CharField(choices=[('programs', '分项目统计表'), ('stages', '分学段统计表'), ('categories', '分困难类型统计表'), ('groups', '分学段困难类型统计表'), ('schools', '分学校统计表'), ('payers', '分资金来源统计表')], max_length=20, verbose_name='表式'),
        ),
    ]
