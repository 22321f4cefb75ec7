"""A sample that was drawn by mistake can be withdrawn, with its reason where the conclusion of a closed one stands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audits", "0003_log_seals")]

    operations = [
        migrations.RemoveConstraint(model_name="sample", name="sample_closed_has_a_conclusion"),
        migrations.AlterField(
            model_name="sample",
            name="state",
            field=models.CharField(
                choices=[("open", "核查中"), ("closed", "已结束"), ("withdrawn", "已撤销")],
                default="open",
                max_length=10,
                verbose_name="状态",
            ),
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None), ("closed_by", None), ("state", "open")
                ) | (
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_by__isnull", False),
                        ("state__in", ["closed", "withdrawn"]),
                    )
                    & ~models.Q(("conclusion", ""))
                ),
                name="sample_closed_has_a_conclusion",
            ),
        ),
    ]
