"""Stretches of the action log as they were: what was sealed is only ever added to."""

from django.db import migrations, models

from common.append_only import protection


class Migration(migrations.Migration):
    dependencies = [
        ("audits", "0002_append_only_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="LogSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="序号")),
                ("after_id", models.PositiveBigIntegerField(verbose_name="自（不含）")),
                ("upto_id", models.PositiveBigIntegerField(verbose_name="至")),
                ("count", models.PositiveIntegerField(verbose_name="记录数")),
                ("since", models.DateTimeField(verbose_name="最早时间")),
                ("until", models.DateTimeField(verbose_name="最晚时间")),
                ("previous", models.CharField(blank=True, max_length=32, verbose_name="上一段摘要")),
                ("digest", models.CharField(max_length=32, verbose_name="摘要")),
                ("made_at", models.DateTimeField(verbose_name="封存时间")),
            ],
            options={
                "verbose_name": "日志封存",
                "verbose_name_plural": "日志封存",
                "ordering": ("number",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("count__gt", 0), ("until__gte", models.F("since")), ("upto_id__gt", models.F("after_id"))
                        ),
                        name="logseal_of_some_rows",
                    )
                ],
            },
        ),
        protection("audits_logseal"),
    ]
