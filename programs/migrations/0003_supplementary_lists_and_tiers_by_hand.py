"""Supplementary lists, two people at the school, tiers by hand, and who pays a child that moves."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('programs', '0002_gap_answers'),
        ('schools', '0003_own_stages_and_place'),
        ('students', '0011_withdrawn_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='awardlist',
            options={'ordering': ('school', 'term', 'number'), 'verbose_name': '资助名单', 'verbose_name_plural': '资助名单'},
        ),
        migrations.RemoveConstraint(
            model_name='awardlist',
            name='awardlist_once_per_school',
        ),
        migrations.AddField(
            model_name='award',
            name='tier_at',
            field=models.DateTimeField(null=True, verbose_name='档次设定时间'),
        ),
        migrations.AddField(
            model_name='award',
            name='tier_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='档次设定人'),
        ),
        migrations.AddField(
            model_name='award',
            name='tier_reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='档次设定原因'),
        ),
        migrations.AddField(
            model_name='awardlist',
            name='number',
            field=models.PositiveSmallIntegerField(default=1, verbose_name='第几份'),
        ),
        migrations.AddField(
            model_name='awardlist',
            name='school_prepared_at',
            field=models.DateTimeField(null=True, verbose_name='学校核对时间'),
        ),
        migrations.AddField(
            model_name='awardlist',
            name='school_prepared_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='学校经办人'),
        ),
        migrations.AddField(
            model_name='termprogram',
            name='pays',
            field=models.CharField(choices=[('new-school', '转入学校'), ('old-school', '转出学校')], default='new-school', max_length=10, verbose_name='学期内转学由谁发放'),
        ),
        migrations.AlterField(
            model_name='awardlist',
            name='state',
            field=models.CharField(choices=[('draft', '待学校核对'), ('school_prepared', '待校长确认'), ('school_approved', '学校已确认'), ('published', '公示中'), ('closed', '公示期满'), ('confirmed', '县级已审定')], default='draft', max_length=20, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='share',
            name='payer',
            field=models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级'), ('school', '学校'), ('donation', '社会捐助')], max_length=10, verbose_name='分担级次'),
        ),
        migrations.AddConstraint(
            model_name='award',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('tier_at', None), ('tier_by', None), ('tier_reason', '')), models.Q(('tier_at__isnull', False), ('tier_by__isnull', False), models.Q(('tier_reason', ''), _negated=True)), _connector='OR'), name='award_tier_by_hand_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='awardlist',
            constraint=models.UniqueConstraint(fields=('school', 'term', 'number'), name='awardlist_once_per_number'),
        ),
        migrations.AddConstraint(
            model_name='awardlist',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'school_prepared', 'school_approved'])), fields=('school', 'term'), name='awardlist_one_in_preparation'),
        ),
        migrations.AddConstraint(
            model_name='awardlist',
            constraint=models.CheckConstraint(condition=models.Q(('school_approved_by', None), ('school_prepared_by', None), models.Q(('school_approved_by', models.F('school_prepared_by')), _negated=True), _connector='OR'), name='awardlist_school_two_people', violation_error_message='学校经办人不能再作为负责人确认同一份名单。'),
        ),
    ]
