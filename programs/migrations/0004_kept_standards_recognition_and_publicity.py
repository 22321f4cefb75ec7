"""Standards kept by the office, trials, nominations, recognition step by step, proofs and steps of publicity."""

import common.sealed
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0004_files_of_documents_and_proofs'),
        ('programs', '0003_supplementary_lists_and_tiers_by_hand'),
        ('schools', '0003_own_stages_and_place'),
        ('students', '0011_withdrawn_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('carried', '上学年结转，待确认'), ('applied', '已申请'), ('class_reviewed', '班级已评议'), ('decided', '学校已评定'), ('withdrawn', '已撤回')], default='applied', max_length=16, verbose_name='状态')),
                ('applied_on', models.DateField(null=True, verbose_name='申请日期')),
                ('promise_signed', models.BooleanField(default=False, verbose_name='已签个人承诺')),
                ('words', common.sealed.SealedField(default='', editable=False, verbose_name='家庭情况')),
                ('wished_level', models.CharField(blank=True, choices=[('special', '特别困难'), ('hard', '困难'), ('general', '一般困难'), ('not-poor', '不困难')], max_length=10, verbose_name='申请等级')),
                ('class_level', models.CharField(blank=True, choices=[('special', '特别困难'), ('hard', '困难'), ('general', '一般困难'), ('not-poor', '不困难')], max_length=10, verbose_name='班级评议等级')),
                ('class_words', models.CharField(blank=True, max_length=200, verbose_name='班级评议意见')),
                ('votes_for', models.PositiveSmallIntegerField(null=True, verbose_name='同意票')),
                ('votes_against', models.PositiveSmallIntegerField(null=True, verbose_name='不同意票')),
                ('level', models.CharField(blank=True, choices=[('special', '特别困难'), ('hard', '困难'), ('general', '一般困难'), ('not-poor', '不困难')], max_length=10, verbose_name='评定等级')),
                ('level_words', models.CharField(blank=True, max_length=200, verbose_name='评定说明')),
                ('entered_at', models.DateTimeField(verbose_name='录入时间')),
            ],
            options={
                'verbose_name': '认定申请',
                'verbose_name_plural': '认定申请',
                'ordering': ('round', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=100, verbose_name='材料名称')),
                ('added_at', models.DateTimeField(verbose_name='上传时间')),
            ],
            options={
                'verbose_name': '申请附件',
                'verbose_name_plural': '申请附件',
                'ordering': ('application', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Nomination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.CharField(blank=True, max_length=20, verbose_name='档次')),
                ('row', models.PositiveIntegerField(null=True, verbose_name='行')),
                ('set_at', models.DateTimeField(verbose_name='提名时间')),
                ('is_current', models.BooleanField(default=True, verbose_name='现行')),
            ],
            options={
                'verbose_name': '提名',
                'verbose_name_plural': '提名',
                'ordering': ('term', 'school', 'program__position', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='NoticePhoto',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken_on', models.DateField(verbose_name='拍摄日期')),
                ('kept_at', models.DateTimeField(verbose_name='上传时间')),
            ],
            options={
                'verbose_name': '公示照片',
                'verbose_name_plural': '公示照片',
                'ordering': ('notice', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='ObjectionStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=500, verbose_name='核查情况')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '核查记录',
                'verbose_name_plural': '核查记录',
                'ordering': ('objection', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='PolicyDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=60, unique=True, verbose_name='文号')),
                ('title', models.CharField(max_length=200, verbose_name='标题')),
                ('issued_on', models.DateField(blank=True, null=True, verbose_name='发文日期')),
                ('added_at', models.DateTimeField(verbose_name='录入时间')),
            ],
            options={
                'verbose_name': '政策文件',
                'verbose_name_plural': '政策文件',
                'ordering': ('-issued_on', 'number'),
            },
        ),
        migrations.CreateModel(
            name='Recheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(blank=True, choices=[('visit', '实地走访'), ('phone', '电话核实'), ('letter', '信件核实')], max_length=10, verbose_name='方式')),
                ('result', models.CharField(blank=True, choices=[('holds', '情况属实'), ('other-level', '应调整等级'), ('not-poor', '不再困难'), ('not-found', '未能核实')], max_length=12, verbose_name='结果')),
                ('words', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('done_on', models.DateField(null=True, verbose_name='复查日期')),
                ('done_at', models.DateTimeField(null=True, verbose_name='登记时间')),
            ],
            options={
                'verbose_name': '复查记录',
                'verbose_name_plural': '复查记录',
                'ordering': ('draw', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='RecheckDraw',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seed', models.CharField(max_length=32, verbose_name='随机种子')),
                ('percent', models.PositiveSmallIntegerField(verbose_name='抽取比例（%）')),
                ('population', models.PositiveIntegerField(verbose_name='总数')),
                ('population_digest', models.CharField(editable=False, max_length=64)),
                ('drawn_at', models.DateTimeField(verbose_name='抽取时间')),
            ],
            options={
                'verbose_name': '随机复查',
                'verbose_name_plural': '随机复查',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='RecognitionRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('yearly', '学年认定'), ('change', '学期调整')], default='yearly', max_length=10, verbose_name='类别')),
                ('state', models.CharField(choices=[('open', '告知和申请'), ('reviewed', '评议已完成，待公示'), ('published', '公示中'), ('closed', '公示期满，待县级备案'), ('recorded', '县级已备案')], default='open', max_length=10, verbose_name='状态')),
                ('told_on', models.DateField(verbose_name='告知日期')),
                ('told_how', models.CharField(max_length=200, verbose_name='告知方式')),
                ('begun_at', models.DateTimeField(verbose_name='发起时间')),
                ('panel_on', models.DateField(null=True, verbose_name='评议日期')),
                ('panel_present', models.JSONField(default=list, verbose_name='评议组成员')),
                ('minutes', models.TextField(blank=True, verbose_name='会议记录')),
                ('reviewed_at', models.DateTimeField(null=True, verbose_name='评议登记时间')),
                ('public_from', models.DateField(null=True, verbose_name='公示开始')),
                ('public_to', models.DateField(null=True, verbose_name='公示结束')),
                ('public_days', models.PositiveSmallIntegerField(default=0, verbose_name='工作日')),
                ('public_result', models.CharField(blank=True, max_length=200, verbose_name='公示结果')),
                ('recorded_at', models.DateTimeField(null=True, verbose_name='备案时间')),
                ('sent_back_reason', models.CharField(blank=True, max_length=200, verbose_name='退回原因')),
            ],
            options={
                'verbose_name': '困难认定工作',
                'verbose_name_plural': '困难认定工作',
                'ordering': ('-pk',),
            },
        ),
        migrations.CreateModel(
            name='SchoolCap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.CharField(blank=True, max_length=20, verbose_name='档次')),
                ('people', models.PositiveIntegerField(verbose_name='人数')),
                ('document_no', models.CharField(blank=True, max_length=60, verbose_name='文号')),
            ],
            options={
                'verbose_name': '学校名额',
                'verbose_name_plural': '学校名额',
                'ordering': ('school__code', 'program__position', 'tier', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Trial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=100, verbose_name='名称')),
                ('changes', models.JSONField(default=list, verbose_name='试改的标准')),
                ('state', models.CharField(choices=[('waiting', '计算中'), ('done', '已完成'), ('failed', '未完成')], default='waiting', max_length=10, verbose_name='状态')),
                ('result', models.JSONField(default=list, verbose_name='结果')),
                ('made_at', models.DateTimeField(verbose_name='测算时间')),
            ],
            options={
                'verbose_name': '政策测算',
                'verbose_name_plural': '政策测算',
                'ordering': ('-pk',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='standard',
            name='standard_once_per_day',
        ),
        migrations.RemoveConstraint(
            model_name='standard',
            name='standard_amount_goes_with_basis',
        ),
        migrations.AddField(
            model_name='exclusion',
            name='scope',
            field=models.CharField(choices=[('term', '同一学期'), ('month', '同一月份')], default='term', max_length=10, verbose_name='范围'),
        ),
        migrations.AddField(
            model_name='objection',
            name='channel',
            field=models.CharField(choices=[('visit', '来访'), ('phone', '电话'), ('letter', '来信'), ('page', '网页')], default='visit', max_length=10, verbose_name='方式'),
        ),
        migrations.AddField(
            model_name='objection',
            name='contact',
            field=common.sealed.SealedField(default='', editable=False, verbose_name='联系方式'),
        ),
        migrations.AddField(
            model_name='objection',
            name='due_on',
            field=models.DateField(null=True, verbose_name='办结期限'),
        ),
        migrations.AddField(
            model_name='objection',
            name='is_named',
            field=models.BooleanField(default=False, verbose_name='实名'),
        ),
        migrations.AddField(
            model_name='objection',
            name='person',
            field=common.sealed.SealedField(default='', editable=False, verbose_name='反映人'),
        ),
        migrations.AddField(
            model_name='program',
            name='purpose',
            field=models.CharField(blank=True, max_length=200, verbose_name='用途'),
        ),
        migrations.AddField(
            model_name='program',
            name='way',
            field=models.CharField(choices=[('auto', '按情况自动提出'), ('school', '由学校提名')], default='auto', max_length=10, verbose_name='提出方式'),
        ),
        migrations.AddField(
            model_name='recognitionlist',
            name='carried_from',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.recognitionlist', verbose_name='沿用自'),
        ),
        migrations.AddField(
            model_name='rule',
            name='ownerships',
            field=models.JSONField(blank=True, default=list, verbose_name='办别'),
        ),
        migrations.AddField(
            model_name='rule',
            name='school_kinds',
            field=models.ManyToManyField(blank=True, related_name='+', to='schools.schoolkind', verbose_name='学校类型'),
        ),
        migrations.AddField(
            model_name='standard',
            name='category',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='students.hardshipcategory', verbose_name='困难类型'),
        ),
        migrations.AddField(
            model_name='standard',
            name='ownership',
            field=models.CharField(blank=True, choices=[('public', '公办'), ('inclusive', '普惠性民办'), ('private', '民办')], max_length=20, verbose_name='办别'),
        ),
        migrations.AddField(
            model_name='termprogram',
            name='first_month',
            field=models.DateField(blank=True, null=True, verbose_name='起始月份'),
        ),
        migrations.AddField(
            model_name='termprogram',
            name='last_month',
            field=models.DateField(blank=True, null=True, verbose_name='截止月份'),
        ),
        migrations.AlterField(
            model_name='objection',
            name='received_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='受理人'),
        ),
        migrations.AlterField(
            model_name='recognitionlist',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='文件'),
        ),
        migrations.AlterField(
            model_name='standard',
            name='basis',
            field=models.CharField(choices=[('fixed', '固定标准'), ('school-fee', '学校核定收费'), ('capped-fee', '学校核定收费，不超过限额')], default='fixed', max_length=10, verbose_name='计算方式'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(('channel', 'page'), ('received_by__isnull', False), _connector='OR'), name='objection_received_by_a_person'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.UniqueConstraint(models.F('program'), django.db.models.functions.comparison.Coalesce('stage', models.Value('')), django.db.models.functions.comparison.Coalesce('school_kind', models.Value('')), models.F('ownership'), django.db.models.functions.comparison.Coalesce('category', models.Value('')), models.F('tier'), models.F('valid_from'), name='standard_once_per_day'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_fen__gt', 0), ('amount_fen__isnull', False), ('basis__in', ['fixed', 'capped-fee'])), models.Q(('amount_fen', None), ('basis', 'school-fee')), _connector='OR'), name='standard_amount_goes_with_basis'),
        ),
        migrations.AddField(
            model_name='application',
            name='enrollment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='students.enrollment', verbose_name='在读记录'),
        ),
        migrations.AddField(
            model_name='application',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='application',
            name='student',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='students.student', verbose_name='学生'),
        ),
        migrations.AddField(
            model_name='attachment',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='上传人'),
        ),
        migrations.AddField(
            model_name='attachment',
            name='application',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='programs.application', verbose_name='申请'),
        ),
        migrations.AddField(
            model_name='attachment',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='nomination',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='nomination',
            name='program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='programs.program', verbose_name='项目'),
        ),
        migrations.AddField(
            model_name='nomination',
            name='school',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='schools.school', verbose_name='学校'),
        ),
        migrations.AddField(
            model_name='nomination',
            name='set_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提名人'),
        ),
        migrations.AddField(
            model_name='nomination',
            name='student',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='nominations', to='students.student', verbose_name='学生'),
        ),
        migrations.AddField(
            model_name='nomination',
            name='term',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='学期'),
        ),
        migrations.AddField(
            model_name='noticephoto',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='照片'),
        ),
        migrations.AddField(
            model_name='noticephoto',
            name='kept_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='上传人'),
        ),
        migrations.AddField(
            model_name='noticephoto',
            name='notice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='photos', to='programs.notice', verbose_name='公示'),
        ),
        migrations.AddField(
            model_name='objectionstep',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='核查人'),
        ),
        migrations.AddField(
            model_name='objectionstep',
            name='objection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='programs.objection', verbose_name='异议'),
        ),
        migrations.AddField(
            model_name='policydocument',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人'),
        ),
        migrations.AddField(
            model_name='policydocument',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='文件'),
        ),
        migrations.AddField(
            model_name='recheck',
            name='done_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='登记人'),
        ),
        migrations.AddField(
            model_name='recheck',
            name='recognition',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rechecks', to='programs.recognition', verbose_name='困难认定'),
        ),
        migrations.AddField(
            model_name='recheck',
            name='school',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.school', verbose_name='学校'),
        ),
        migrations.AddField(
            model_name='recheckdraw',
            name='drawn_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='抽取人'),
        ),
        migrations.AddField(
            model_name='recheckdraw',
            name='term',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='学期'),
        ),
        migrations.AddField(
            model_name='recheck',
            name='draw',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='programs.recheckdraw', verbose_name='复查'),
        ),
        migrations.AddField(
            model_name='recognitionround',
            name='begun_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='发起人'),
        ),
        migrations.AddField(
            model_name='recognitionround',
            name='minutes_file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='jobs.storedfile', verbose_name='会议记录原件'),
        ),
        migrations.AddField(
            model_name='recognitionround',
            name='recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='备案人'),
        ),
        migrations.AddField(
            model_name='recognitionround',
            name='reviewed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='评议登记人'),
        ),
        migrations.AddField(
            model_name='recognitionround',
            name='school',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recognition_rounds', to='schools.school', verbose_name='学校'),
        ),
        migrations.AddField(
            model_name='recognitionround',
            name='term',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recognition_rounds', to='schools.term', verbose_name='学期'),
        ),
        migrations.AddField(
            model_name='application',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='programs.recognitionround', verbose_name='认定'),
        ),
        migrations.AddField(
            model_name='recognitionlist',
            name='round',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='list', to='programs.recognitionround', verbose_name='认定'),
        ),
        migrations.AddConstraint(
            model_name='recognitionlist',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('carried_from', None), ('file__isnull', False), ('round', None)), models.Q(('carried_from', None), ('file', None), ('round__isnull', False)), models.Q(('carried_from__isnull', False), ('file', None), ('round', None)), _connector='OR'), name='recognitionlist_has_one_source'),
        ),
        migrations.AddField(
            model_name='schoolcap',
            name='program',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='programs.program', verbose_name='项目'),
        ),
        migrations.AddField(
            model_name='schoolcap',
            name='school',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='caps', to='schools.school', verbose_name='学校'),
        ),
        migrations.AddField(
            model_name='schoolcap',
            name='term',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='学期'),
        ),
        migrations.AddField(
            model_name='trial',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='测算人'),
        ),
        migrations.AddField(
            model_name='trial',
            name='snapshots',
            field=models.ManyToManyField(blank=True, related_name='+', to='students.registersnapshot', verbose_name='试用的名单'),
        ),
        migrations.AddField(
            model_name='trial',
            name='term',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.term', verbose_name='学期'),
        ),
        migrations.AddIndex(
            model_name='nomination',
            index=models.Index(fields=['term', 'school', 'program'], name='nomination_by_school'),
        ),
        migrations.AddConstraint(
            model_name='nomination',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('term', 'program', 'student'), name='nomination_one_current'),
        ),
        migrations.AddConstraint(
            model_name='recheckdraw',
            constraint=models.CheckConstraint(condition=models.Q(('percent__gte', 1), ('percent__lte', 100)), name='recheckdraw_percent'),
        ),
        migrations.AddConstraint(
            model_name='recheck',
            constraint=models.UniqueConstraint(fields=('draw', 'recognition'), name='recheck_once_per_draw'),
        ),
        migrations.AddConstraint(
            model_name='recheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('done_by', None), ('done_on', None), ('result', ''), ('way', '')), models.Q(('done_at__isnull', False), ('done_by__isnull', False), ('done_on__isnull', False), models.Q(('result', ''), _negated=True), models.Q(('way', ''), _negated=True)), _connector='OR'), name='recheck_done_as_a_whole'),
        ),
        migrations.AddConstraint(
            model_name='recognitionround',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'recorded'), _negated=True), fields=('school', 'term'), name='recognitionround_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='recognitionround',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'yearly')), fields=('school', 'term'), name='recognitionround_one_yearly'),
        ),
        migrations.AddConstraint(
            model_name='recognitionround',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('public_from', None), ('public_to', None)), models.Q(('public_days__gte', 5), ('public_from__isnull', False), ('public_to__gt', models.F('public_from'))), _connector='OR'), name='recognitionround_public_five_days'),
        ),
        migrations.AddConstraint(
            model_name='recognitionround',
            constraint=models.CheckConstraint(condition=models.Q(('recorded_by', None), models.Q(('recorded_by', models.F('reviewed_by')), _negated=True), _connector='OR'), name='recognitionround_two_people'),
        ),
        migrations.AddConstraint(
            model_name='recognitionround',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'recorded'), _negated=True), models.Q(('panel_on__isnull', False), ('public_from__isnull', False), ('recorded_at__isnull', False), ('recorded_by__isnull', False), ('reviewed_by__isnull', False), models.Q(('public_result', ''), _negated=True)), _connector='OR'), name='recognitionround_recorded_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(fields=('round', 'student'), name='application_once_per_round'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['carried', 'withdrawn']), models.Q(('applied_on__isnull', False), ('promise_signed', True)), _connector='OR'), name='application_applied_is_promised'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'decided'), _negated=True), models.Q(('votes_against__isnull', False), ('votes_for__isnull', False), models.Q(('level', ''), _negated=True)), _connector='OR'), name='application_decided_by_votes'),
        ),
        migrations.AddConstraint(
            model_name='schoolcap',
            constraint=models.UniqueConstraint(fields=('school', 'program', 'term', 'tier'), name='schoolcap_once_per_tier'),
        ),
    ]
