"""Banks and their layouts, a third signature, cash, money that arrives in parts and is carried over."""

from importlib import import_module

import common.sealed
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
        ('disbursements', '0005_late_returns_and_receipts_stand'),
        ('jobs', '0004_files_of_documents_and_proofs'),
        ('programs', '0004_kept_standards_recognition_and_publicity'),
        ('schools', '0003_own_stages_and_place'),
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
                ('encoding', models.CharField(choices=[('gb18030', 'GB18030（GBK）'), ('utf-8', 'UTF-8'), ('utf-8-sig', 'UTF-8 (BOM)')], default='gb18030', max_length=20, verbose_name='编码')),
                ('columns', models.JSONField(default=list, verbose_name='列')),
                ('has_heading', models.BooleanField(default=True, verbose_name='有表头')),
                ('has_total', models.BooleanField(default=True, verbose_name='有合计行')),
                ('return_columns', models.JSONField(default=dict, verbose_name='回盘列')),
                ('made_at', models.DateTimeField(null=True, verbose_name='设定时间')),
            ],
            options={
                'verbose_name': '银行文件格式',
                'verbose_name_plural': '银行文件格式',
                'ordering': ('bank', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='PayDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_to_pay', models.BooleanField(verbose_name='仍然发放')),
                ('words', models.CharField(max_length=200, verbose_name='理由')),
                ('decided_at', models.DateTimeField(verbose_name='决定时间')),
            ],
            options={
                'verbose_name': '离校学生的发放决定',
                'verbose_name_plural': '离校学生的发放决定',
                'ordering': ('-pk',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='batch',
            name='batch_approved_is_signed',
        ),
        migrations.RemoveConstraint(
            model_name='batch',
            name='batch_sent_has_its_file',
        ),
        migrations.RemoveConstraint(
            model_name='ledgerentry',
            name='ledgerentry_has_its_cause',
        ),
        migrations.AddField(
            model_name='batch',
            name='back_reason',
            field=models.CharField(blank=True, max_length=200, verbose_name='退回或撤回原因'),
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
            name='needs_third',
            field=models.BooleanField(default=False, verbose_name='须加签'),
        ),
        migrations.AddField(
            model_name='batch',
            name='planned_fen',
            field=models.PositiveBigIntegerField(default=0, verbose_name='控制金额（分）'),
        ),
        migrations.AddField(
            model_name='batch',
            name='planned_people',
            field=models.PositiveIntegerField(default=0, verbose_name='控制人数'),
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
            name='way',
            field=models.CharField(choices=[('bank', '银行代发'), ('cash', '现金')], default='bank', max_length=10, verbose_name='发放方式'),
        ),
        migrations.AddField(
            model_name='batch',
            name='zip_password',
            field=common.sealed.SealedField(default='', editable=False, verbose_name='压缩包口令'),
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
            model_name='batch',
            name='state',
            field=models.CharField(choices=[('draft', '待审核'), ('sent-back', '已退回'), ('approved', '已审核'), ('sent', '已送银行'), ('settled', '已核销'), ('discarded', '已作废')], default='draft', max_length=10, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='kind',
            field=models.CharField(choices=[('arrived', '指标到账'), ('reserved', '审核占用'), ('spent', '发放支出'), ('released', '失败退回'), ('returned', '到账后退票'), ('recovered', '追缴收回'), ('carried-out', '结转下期'), ('carried-in', '上期结转')], max_length=12, verbose_name='类别'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('carried_from', None), ('kind', 'new')), models.Q(('carried_from__isnull', False), ('kind', 'carried')), _connector='OR'), name='quota_carried_from_a_term'),
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
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['arrived', 'carried-in', 'carried-out']), ('quota__isnull', False)), models.Q(('batch__isnull', False), ('kind__in', ['reserved', 'spent', 'released'])), models.Q(('bounce__isnull', False), ('kind', 'returned')), models.Q(('kind', 'recovered'), ('receipt__isnull', False)), _connector='OR'), name='ledgerentry_has_its_cause'),
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
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'sent-back', 'discarded']), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='batch_approved_is_signed'),
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
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'sent-back'), _negated=True), models.Q(('back_reason', ''), _negated=True), _connector='OR'), name='batch_sent_back_has_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='batch',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sent', 'settled']), _negated=True), models.Q(('sent_at__isnull', False), models.Q(('way', 'cash'), ('bank_file__isnull', False), _connector='OR'), models.Q(('needs_third', False), ('released_by__isnull', False), _connector='OR')), _connector='OR'), name='batch_sent_is_signed_and_written'),
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
            model_name='paydecision',
            name='award',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='pay_decision', to='programs.award', verbose_name='资助'),
        ),
        migrations.AddField(
            model_name='paydecision',
            name='decided_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='决定人'),
        ),
        migrations.AddConstraint(
            model_name='arrival',
            constraint=models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='arrival_positive'),
        ),
        migrations.RunPython(protect, unprotect),
    ]
