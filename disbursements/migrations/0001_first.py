import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('jobs', '0001_first'),
        ('programs', '0001_first'),
        ('schools', '0001_first'),
        ('students', '0001_first'),
    ]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('term', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='schools.term', verbose_name='学期')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='programs.program', verbose_name='项目')),
                ('number', models.CharField(max_length=40, unique=True, verbose_name='批次号')),
                ('state', models.CharField(choices=[('draft', '待审核'), ('approved', '已审核'), ('sent', '已送银行'), ('settled', '已核销'), ('discarded', '已作废')], default='draft', max_length=10, verbose_name='状态')),
                ('people', models.PositiveIntegerField(default=0, verbose_name='人数')),
                ('amount_fen', models.PositiveBigIntegerField(default=0, verbose_name='金额（分）')),
                ('prepared_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='经办人')),
                ('prepared_at', models.DateTimeField(verbose_name='编制时间')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审核人')),
                ('approved_at', models.DateTimeField(null=True, verbose_name='审核时间')),
                ('bank_file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='银行代发文件')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='送出时间')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='核销时间')),
            ],
            options={
                'verbose_name': '发放批次',
                'verbose_name_plural': '发放批次',
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['term', 'program'], name='batch_by_program')],
                'constraints': [models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('prepared_by')), _negated=True), _connector='OR'), name='batch_two_people', violation_error_message='经办人不能审核自己编制的批次。'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'discarded']), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='batch_approved_is_signed'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['sent', 'settled']), _negated=True), models.Q(('bank_file__isnull', False), ('sent_at__isnull', False)), _connector='OR'), name='batch_sent_has_its_file')],
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='disbursements.batch', verbose_name='批次')),
                ('award', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='programs.award', verbose_name='资助')),
                ('attempt', models.PositiveSmallIntegerField(default=1, verbose_name='第几次')),
                ('line_no', models.PositiveIntegerField(verbose_name='文件行号')),
                ('card', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='students.card', verbose_name='银行卡')),
                ('amount_fen', models.PositiveBigIntegerField(verbose_name='金额（分）')),
                ('state', models.CharField(choices=[('pending', '待发放'), ('sent', '已送银行'), ('paid', '发放成功'), ('failed', '发放失败'), ('discarded', '已作废')], default='pending', max_length=10, verbose_name='状态')),
                ('failure', models.CharField(blank=True, choices=[('name-mismatch', '户名不符'), ('no-such-account', '账号不存在'), ('closed', '已销户、挂失或冻结'), ('not-active', '未激活金融功能'), ('no-card', '没有银行卡信息'), ('unknown', '其他原因')], max_length=20, verbose_name='失败原因')),
                ('bank_words', models.CharField(blank=True, max_length=100, verbose_name='银行说明')),
                ('paid_on', models.DateField(null=True, verbose_name='到账日期')),
            ],
            options={
                'verbose_name': '发放',
                'verbose_name_plural': '发放',
                'ordering': ('batch', 'line_no', 'pk'),
                'indexes': [models.Index(fields=['batch', 'line_no'], name='payment_by_line'), models.Index(fields=['batch', 'state'], name='payment_by_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['pending', 'sent', 'paid'])), fields=('award',), name='payment_one_live_per_award'), models.UniqueConstraint(fields=('award', 'attempt'), name='payment_attempt_once'), models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='payment_amount_positive'), models.CheckConstraint(condition=models.Q(models.Q(('paid_on__isnull', False), ('state', 'paid')), models.Q(models.Q(('state', 'paid'), _negated=True), ('paid_on', None)), _connector='OR'), name='payment_paid_has_a_day'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'failed'), models.Q(('failure', ''), _negated=True)), models.Q(models.Q(('state', 'failed'), _negated=True), ('failure', '')), _connector='OR'), name='payment_failed_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='ReturnFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='disbursements.batch', verbose_name='批次')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='文件')),
                ('sha256', models.CharField(max_length=64)),
                ('is_read', models.BooleanField(default=False, verbose_name='已处理')),
                ('refusal_code', models.CharField(blank=True, max_length=40)),
                ('refusal_params', models.JSONField(default=dict)),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='上传人')),
                ('uploaded_at', models.DateTimeField(verbose_name='上传时间')),
            ],
            options={
                'verbose_name': '银行回盘',
                'verbose_name_plural': '银行回盘',
                'ordering': ('-pk',),
                'constraints': [models.UniqueConstraint(fields=('batch', 'sha256'), name='returnfile_once_per_batch')],
            },
        ),
        migrations.CreateModel(
            name='ReturnLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='disbursements.returnfile', verbose_name='回盘文件')),
                ('row', models.PositiveIntegerField(verbose_name='行')),
                ('line_no', models.PositiveIntegerField(null=True, verbose_name='文件行号')),
                ('amount_fen', models.BigIntegerField(null=True, verbose_name='金额（分）')),
                ('words', models.CharField(blank=True, max_length=100, verbose_name='银行说明')),
                ('outcome', models.CharField(choices=[('paid', '成功'), ('failed', '失败'), ('unmatched', '对不上的行')], max_length=10, verbose_name='结果')),
            ],
            options={
                'verbose_name': '回盘行',
                'verbose_name_plural': '回盘行',
                'ordering': ('file', 'row'),
                'constraints': [models.UniqueConstraint(fields=('file', 'row'), name='returnline_once')],
            },
        ),
        migrations.CreateModel(
            name='Quota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document_no', models.CharField(max_length=60, verbose_name='指标文号')),
                ('issued_on', models.DateField(verbose_name='发文日期')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quotas', to='programs.program', verbose_name='项目')),
                ('term', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quotas', to='schools.term', verbose_name='学期')),
                ('payer', models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级')], max_length=10, verbose_name='来源级次')),
                ('amount_fen', models.PositiveBigIntegerField(verbose_name='金额（分）')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('entered_at', models.DateTimeField(verbose_name='录入时间')),
            ],
            options={
                'verbose_name': '资金指标',
                'verbose_name_plural': '资金指标',
                'ordering': ('-issued_on', '-pk'),
                'constraints': [models.UniqueConstraint(fields=('document_no', 'program', 'term', 'payer'), name='quota_once_per_document'), models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='quota_positive')],
            },
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program', verbose_name='项目')),
                ('term', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='学期')),
                ('payer', models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级')], max_length=10, verbose_name='来源级次')),
                ('kind', models.CharField(choices=[('arrived', '指标到账'), ('reserved', '审核占用'), ('spent', '发放支出'), ('released', '失败退回')], max_length=10, verbose_name='类别')),
                ('amount_fen', models.PositiveBigIntegerField(verbose_name='金额（分）')),
                ('quota', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='disbursements.quota', verbose_name='指标')),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='disbursements.batch', verbose_name='批次')),
                ('return_file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='disbursements.returnfile', verbose_name='回盘文件')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='经办人')),
                ('entered_at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '资金流水',
                'verbose_name_plural': '资金流水',
                'ordering': ('-pk',),
                'indexes': [models.Index(fields=['program', 'term', 'kind'], name='ledgerentry_by_program')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_fen__gt', 0)), name='ledgerentry_positive'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'arrived'), ('quota__isnull', False)), models.Q(models.Q(('kind', 'arrived'), _negated=True), ('batch__isnull', False)), _connector='OR'), name='ledgerentry_has_its_cause')],
            },
        ),
    ]
