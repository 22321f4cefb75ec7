"""Banks and their layouts, late returns, recoveries, arrivals; shares as on the day of an approval."""

from importlib import import_module

import common.sealed
import django.db.models.deletion
import django.db.models.functions.comparison
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
        ('jobs', '0004_files_of_standards_and_proofs'),
        ('programs', '0003_supplementary_lists_and_kept_standards'),
        ('schools', '0003_own_stages_and_place'),
        ('students', '0007_decisions_by_either_key'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(unprotect, protect),
        migrations.CreateModel(
            name='ApprovalBand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_fen', models.PositiveBigIntegerField(verbose_name='自（分）')),
                ('valid_from', models.DateField(verbose_name='自')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='至')),
            ],
            options={
                'verbose_name': '加签金额',
                'verbose_name_plural': '加签金额',
                'ordering': ('from_fen', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Arrival',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_fen', models.PositiveBigIntegerField(verbose_name='金额（分）')),
                ('arrived_on', models.DateField(verbose_name='到账日期')),
                ('voucher', models.CharField(blank=True, max_length=60, verbose_name='凭证号')),
                ('entered_at', models.DateTimeField(verbose_name='录入时间')),
            ],
            options={
                'verbose_name': '到账',
                'verbose_name_plural': '到账',
                'ordering': ('arrived_on', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Bank',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='代码')),
                ('name', models.CharField(max_length=50, unique=True, verbose_name='银行')),
                ('aliases', models.JSONField(blank=True, default=list, verbose_name='别名')),
                ('prefixes', models.JSONField(blank=True, default=list, verbose_name='卡号开头')),
                ('is_default', models.BooleanField(default=False, verbose_name='其他卡也由它代发')),
            ],
            options={
                'verbose_name': '代发银行',
                'verbose_name_plural': '代发银行',
                'ordering': ('code',),
            },
        ),
        migrations.CreateModel(
            name='BankTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('format', models.CharField(choices=[('xlsx', 'Excel 工作簿（.xlsx）'), ('xls', 'Excel 97-2003 工作簿（.xls）'), ('csv', '逗号分隔文本（.csv）'), ('txt', '竖线分隔文本（.txt）')], default='xlsx', max_length=10, verbose_name='格式')),
                ('encoding', models.CharField(default='gb18030', help_text='只用于文本格式', max_length=20, verbose_name='编码')),
                ('columns', models.JSONField(default=list, help_text='每列的表头和内容', verbose_name='列')),
                ('has_heading', models.BooleanField(default=True, verbose_name='有表头')),
                ('has_total', models.BooleanField(default=True, verbose_name='有合计行')),
                ('return_columns', models.JSONField(default=dict, help_text='回盘中每项内容的表头', verbose_name='回盘列')),
                ('made_at', models.DateTimeField(null=True, verbose_name='设定时间')),
            ],
            options={
                'verbose_name': '银行文件格式',
                'verbose_name_plural': '银行文件格式',
                'ordering': ('bank', '-pk'),
            },
        ),
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
                ('words', models.CharField(max_length=50, verbose_name='银行说明')),
                ('reason', models.CharField(choices=[('name-mismatch', '户名不符'), ('no-such-account', '账号不存在'), ('closed', '已销户、挂失或冻结'), ('not-active', '未激活金融功能'), ('no-card', '没有银行卡信息'), ('unknown', '其他原因')], max_length=20, verbose_name='失败原因')),
            ],
            options={
                'verbose_name': '回盘说明对照',
                'verbose_name_plural': '回盘说明对照',
                'ordering': ('reason', 'words', 'pk'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='batch',
            name='batch_sent_has_its_file',
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
            model_name='batch',
            name='cash_reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='发放现金的原因'),
        ),
        migrations.AddField(
            model_name='batch',
            name='lines_digest',
            field=models.CharField(blank=True, max_length=64, verbose_name='代发文件内容的摘要'),
        ),
        migrations.AddField(
            model_name='batch',
            name='released_at',
            field=models.DateTimeField(null=True, verbose_name='加签时间'),
        ),
        migrations.AddField(
            model_name='batch',
            name='released_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='加签人'),
        ),
        migrations.AddField(
            model_name='batch',
            name='sent_back_reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='退回原因'),
        ),
        migrations.AddField(
            model_name='batch',
            name='way',
            field=models.CharField(choices=[('bank', '银行代发'), ('cash', '现金')], default='bank', max_length=10, verbose_name='发放方式'),
        ),
        migrations.AddField(
            model_name='batch',
            name='zip_password',
            field=common.sealed.SealedField(default='', editable=False, verbose_name='压缩包口令'),
        ),
        migrations.AddField(
            model_name='payment',
            name='bounces',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='此前退票次数'),
        ),
        migrations.AddField(
            model_name='quota',
            name='carried_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='结转自'),
        ),
        migrations.AddField(
            model_name='quota',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='quota',
            name='kind',
            field=models.CharField(choices=[('new', '当年下达'), ('carried', '上期结转')], default='new', max_length=10, verbose_name='类别'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='kind',
            field=models.CharField(choices=[('arrived', '指标到账'), ('reserved', '审核占用'), ('spent', '发放支出'), ('released', '失败退回'), ('returned', '到账后退票'), ('recovered', '追缴收回'), ('carried-out', '结转下期'), ('carried-in', '上期结转')], max_length=12, verbose_name='类别'),
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
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['pending', 'sent', 'paid'])), fields=('award', 'bounces'), name='payment_one_live_per_award'),
        ),
        migrations.AddField(
            model_name='approvalband',
            name='program',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program', verbose_name='项目'),
        ),
        migrations.AddField(
            model_name='arrival',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='arrival',
            name='quota',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='arrivals', to='disbursements.quota', verbose_name='指标'),
        ),
        migrations.AddField(
            model_name='ledgerentry',
            name='arrival',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='disbursements.arrival', verbose_name='到账'),
        ),
        migrations.AddConstraint(
            model_name='bank',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='bank_one_default'),
        ),
        migrations.AddField(
            model_name='batch',
            name='bank',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='disbursements.bank', verbose_name='代发银行'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(('released_by', None), models.Q(models.Q(('released_by', models.F('prepared_by')), _negated=True), models.Q(('released_by', models.F('approved_by')), _negated=True)), _connector='OR'), name='batch_three_people', violation_error_message='加签人必须是经办人和审核人以外的第三个人。'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(('way', 'bank'), models.Q(('cash_reason', ''), _negated=True), _connector='OR'), name='batch_cash_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sent', 'settled']), _negated=True), models.Q(('sent_at__isnull', False), models.Q(('way', 'cash'), ('bank_file__isnull', False), _connector='OR')), _connector='OR'), name='batch_sent_has_its_file'),
        ),
        migrations.AddField(
            model_name='banktemplate',
            name='bank',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='templates', to='disbursements.bank', verbose_name='银行'),
        ),
        migrations.AddField(
            model_name='banktemplate',
            name='made_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='设定人'),
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
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['arrived', 'carried-in', 'carried-out']), ('quota__isnull', False)), models.Q(('batch__isnull', False), ('kind__in', ['reserved', 'spent', 'released'])), models.Q(('bounce__isnull', False), ('kind', 'returned')), models.Q(('kind', 'recovered'), ('receipt__isnull', False)), _connector='OR'), name='ledgerentry_has_its_cause'),
        ),
        migrations.AddField(
            model_name='returnreason',
            name='bank',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='disbursements.bank', verbose_name='银行'),
        ),
        migrations.AddConstraint(
            model_name='arrival',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='arrival_positive'),
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
        migrations.AddConstraint(
            model_name='returnreason',
            constraint=models.UniqueConstraint(models.F('words'), django.db.models.functions.comparison.Coalesce('bank', models.Value('')), name='returnreason_once'),
        ),
        migrations.RunPython(protect, unprotect),
    ]
