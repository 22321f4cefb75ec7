"""Shares as on the day of an approval, late returns, recoveries, and words of banks as data."""

from importlib import import_module

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


protection = import_module("disbursements.migrations.0002_append_only_money")


def unprotect(apps, schema_editor):
    protection.release(apps, schema_editor)


def protect(apps, schema_editor):
    protection.protect(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('disbursements', '0002_append_only_money'),
        ('programs', '0003_supplementary_lists_and_tiers_by_hand'),
        ('schools', '0003_own_stages_and_place'),
        ('students', '0011_withdrawn_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(unprotect, protect),
        migrations.CreateModel(
            name='BatchShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payer', models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级'), ('school', '学校'), ('donation', '社会捐助')], max_length=10, verbose_name='分担级次')),
                ('per_mille', models.PositiveSmallIntegerField(verbose_name='千分比')),
            ],
            options={
                'verbose_name': '批次经费分担',
                'verbose_name_plural': '批次经费分担',
                'ordering': ('batch', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Bounce',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bounced_on', models.DateField(verbose_name='退票日期')),
                ('failure', models.CharField(choices=[('name-mismatch', '户名不符'), ('no-such-account', '账号不存在'), ('closed', '已销户、挂失或冻结'), ('not-active', '未激活金融功能'), ('no-card', '没有银行卡信息'), ('unknown', '其他原因')], max_length=20, verbose_name='失败原因')),
                ('words', models.CharField(blank=True, max_length=100, verbose_name='银行说明')),
                ('entered_at', models.DateTimeField(verbose_name='录入时间')),
            ],
            options={
                'verbose_name': '退票',
                'verbose_name_plural': '退票',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='Recovery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('left', '学期内离校'), ('overpaid', '多发'), ('upheld', '异议成立'), ('twice', '重复发放')], max_length=10, verbose_name='原因')),
                ('due_fen', models.PositiveBigIntegerField(verbose_name='应追缴（分）')),
                ('words', models.CharField(max_length=200, verbose_name='说明')),
                ('state', models.CharField(choices=[('open', '追缴中'), ('collected', '已追回'), ('waived', '经批准免于追缴')], default='open', max_length=10, verbose_name='状态')),
                ('opened_at', models.DateTimeField(verbose_name='提出时间')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='办结时间')),
                ('closing_words', models.CharField(blank=True, max_length=200, verbose_name='办结说明')),
            ],
            options={
                'verbose_name': '追缴',
                'verbose_name_plural': '追缴',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='RecoveryReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_fen', models.PositiveBigIntegerField(verbose_name='金额（分）')),
                ('received_on', models.DateField(verbose_name='收到日期')),
                ('voucher', models.CharField(max_length=60, verbose_name='凭证号')),
                ('entered_at', models.DateTimeField(verbose_name='录入时间')),
            ],
            options={
                'verbose_name': '追缴收款',
                'verbose_name_plural': '追缴收款',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='ReturnReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=50, unique=True, verbose_name='银行说明')),
                ('reason', models.CharField(choices=[('name-mismatch', '户名不符'), ('no-such-account', '账号不存在'), ('closed', '已销户、挂失或冻结'), ('not-active', '未激活金融功能'), ('no-card', '没有银行卡信息'), ('unknown', '其他原因')], max_length=20, verbose_name='失败原因')),
            ],
            options={
                'verbose_name': '回盘说明对照',
                'verbose_name_plural': '回盘说明对照',
                'ordering': ('reason', 'words'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='ledgerentry',
            name='ledgerentry_has_its_cause',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_one_live_per_award',
        ),
        migrations.AddField(
            model_name='payment',
            name='bounces',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='此前退票次数'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='kind',
            field=models.CharField(choices=[('arrived', '指标到账'), ('reserved', '审核占用'), ('spent', '发放支出'), ('released', '失败退回'), ('returned', '到账后退票'), ('recovered', '追缴收回')], max_length=12, verbose_name='类别'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='payer',
            field=models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级'), ('school', '学校'), ('donation', '社会捐助')], max_length=10, verbose_name='来源级次'),
        ),
        migrations.AlterField(
            model_name='quota',
            name='payer',
            field=models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级'), ('school', '学校'), ('donation', '社会捐助')], max_length=10, verbose_name='来源级次'),
        ),
        migrations.AlterField(
            model_name='returnline',
            name='outcome',
            field=models.CharField(choices=[('paid', '成功'), ('failed', '失败'), ('bounced', '到账后退票'), ('repeated', '重复的行'), ('unmatched', '对不上的行')], max_length=10, verbose_name='结果'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['pending', 'sent', 'paid'])), fields=('award', 'bounces'), name='payment_one_live_per_award'),
        ),
        migrations.AddField(
            model_name='batchshare',
            name='batch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='disbursements.batch', verbose_name='批次'),
        ),
        migrations.AddField(
            model_name='bounce',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='bounce',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bounces', to='disbursements.returnfile', verbose_name='回盘文件'),
        ),
        migrations.AddField(
            model_name='bounce',
            name='payment',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='bounce', to='disbursements.payment', verbose_name='发放'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='bounce',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='disbursements.bounce', verbose_name='退票'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='award',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recoveries', to='programs.award', verbose_name='资助'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='closed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='办结人'),
        ),
        migrations.AddField(
            model_name='recovery',
            name='opened_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人'),
        ),
        migrations.AddField(
            model_name='recoveryreceipt',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='recoveryreceipt',
            name='recovery',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='disbursements.recovery', verbose_name='追缴'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='receipt',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='disbursements.recoveryreceipt', verbose_name='追缴收款'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'arrived'), ('quota__isnull', False)), models.Q(('batch__isnull', False), ('kind__in', ['reserved', 'spent', 'released'])), models.Q(('bounce__isnull', False), ('kind', 'returned')), models.Q(('kind', 'recovered'), ('receipt__isnull', False)), _connector='OR'), name='ledgerentry_has_its_cause'),
        ),
        migrations.AddConstraint(
            model_name='batchshare',
            constraint=models.UniqueConstraint(fields=('batch', 'payer'), name='batchshare_once_per_payer'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('award',), name='recovery_one_open_per_award'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(('due_fen__gt', 0)), name='recovery_positive'),
        ),
        migrations.AddConstraint(
            model_name='recovery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'waived'), _negated=True), models.Q(('closed_by__isnull', False), models.Q(('closed_by', models.F('opened_by')), _negated=True)), _connector='OR'), name='recovery_waived_by_another'),
        ),
        migrations.AddConstraint(
            model_name='recoveryreceipt',
            constraint=models.UniqueConstraint(fields=('recovery', 'voucher'), name='recoveryreceipt_once_per_voucher'),
        ),
        migrations.AddConstraint(
            model_name='recoveryreceipt',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='recoveryreceipt_positive'),
        ),
        migrations.RunPython(protect, unprotect),
    ]
