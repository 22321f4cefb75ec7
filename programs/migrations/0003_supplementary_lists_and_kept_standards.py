"""Supplementary lists, tiers by hand, nominations; standards that staff keep; proofs and steps of publicity."""

import common.sealed
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0004_files_of_standards_and_proofs'),
        ('programs', '0002_gap_answers'),
        ('schools', '0003_own_stages_and_place'),
        ('students', '0007_decisions_by_either_key'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                ('drafts', models.JSONField(default=list, verbose_name='试改的标准')),
                ('state', models.CharField(choices=[('waiting', '计算中'), ('done', '已完成')], default='waiting', max_length=10, verbose_name='状态')),
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
            model_name='awardlist',
            name='awardlist_once_per_school',
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
            field=models.CharField(choices=[('auto', '按情况自动提出'), ('school', '学校提名评定')], default='auto', max_length=10, verbose_name='提出方式'),
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
            model_name='objection',
            name='received_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='受理人'),
        ),
        migrations.AlterField(
            model_name='share',
            name='payer',
            field=models.CharField(choices=[('central', '中央'), ('province', '省级'), ('city', '市级'), ('county', '县级'), ('school', '学校'), ('donation', '社会捐助')], max_length=10, verbose_name='分担级次'),
        ),
        migrations.AlterField(
            model_name='standard',
            name='basis',
            field=models.CharField(choices=[('fixed', '固定标准'), ('school-fee', '学校核定收费'), ('capped-fee', '学校核定收费，不超过限额')], default='fixed', max_length=10, verbose_name='计算方式'),
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
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(('channel', 'page'), ('received_by__isnull', False), _connector='OR'), name='objection_received_by_a_person'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.UniqueConstraint(models.F('program'), django.db.models.functions.comparison.Coalesce('stage', models.Value('')), django.db.models.functions.comparison.Coalesce('school_kind', models.Value('')), django.db.models.functions.comparison.Coalesce('category', models.Value('')), models.F('ownership'), models.F('tier'), models.F('valid_from'), name='standard_once_per_day'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_fen__gt', 0), ('amount_fen__isnull', False), ('basis__in', ['fixed', 'capped-fee'])), models.Q(('amount_fen', None), ('basis', 'school-fee')), _connector='OR'), name='standard_amount_goes_with_basis'),
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
            model_name='schoolcap',
            constraint=models.UniqueConstraint(fields=('school', 'program', 'term', 'tier'), name='schoolcap_once_per_tier'),
        ),
    ]
