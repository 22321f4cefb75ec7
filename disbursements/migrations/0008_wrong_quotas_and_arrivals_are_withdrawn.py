"""A quota or an arrival that was entered wrongly is withdrawn and stays on record."""

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
        ('disbursements', '0007_arrivals_until_now'),
        ('jobs', '0004_files_of_documents_and_proofs'),
        ('programs', '0005_documents_of_the_reference_data'),
        ('schools', '0003_own_stages_and_place'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(unprotect, protect),
        migrations.RemoveConstraint(
            model_name='ledgerentry',
            name='ledgerentry_has_its_cause',
        ),
        migrations.RemoveConstraint(
            model_name='quota',
            name='quota_once_per_document',
        ),
        migrations.AddField(
            model_name='arrival',
            name='withdrawn_at',
            field=models.DateTimeField(null=True, verbose_name='冲销时间'),
        ),
        migrations.AddField(
            model_name='arrival',
            name='withdrawn_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='冲销人'),
        ),
        migrations.AddField(
            model_name='arrival',
            name='withdrawn_why',
            field=models.CharField(blank=True, max_length=200, verbose_name='冲销原因'),
        ),
        migrations.AddField(
            model_name='quota',
            name='withdrawn_at',
            field=models.DateTimeField(null=True, verbose_name='撤销时间'),
        ),
        migrations.AddField(
            model_name='quota',
            name='withdrawn_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='撤销人'),
        ),
        migrations.AddField(
            model_name='quota',
            name='withdrawn_why',
            field=models.CharField(blank=True, max_length=200, verbose_name='撤销原因'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='kind',
            field=models.CharField(choices=[('arrived', '指标到账'), ('withdrawn', '到账冲销'), ('reserved', '审核占用'), ('spent', '发放支出'), ('released', '失败退回'), ('returned', '到账后退票'), ('recovered', '追缴收回'), ('carried-out', '结转下期'), ('carried-in', '上期结转')], max_length=12, verbose_name='类别'),
        ),
        migrations.AddConstraint(
            model_name='arrival',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False), models.Q(('withdrawn_why', ''), _negated=True)), _connector='OR'), name='arrival_withdrawn_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='arrival',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_by', None), models.Q(('withdrawn_by', models.F('entered_by')), _negated=True), _connector='OR'), name='arrival_withdrawn_by_another', violation_error_message='到账由谁录入，就不能由谁冲销。'),
        ),
        migrations.AddConstraint(
            model_name='ledgerentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['arrived', 'carried-in', 'carried-out']), ('quota__isnull', False)), models.Q(('arrival__isnull', False), ('kind', 'withdrawn')), models.Q(('batch__isnull', False), ('kind__in', ['reserved', 'spent', 'released'])), models.Q(('bounce__isnull', False), ('kind', 'returned')), models.Q(('kind', 'recovered'), ('receipt__isnull', False)), _connector='OR'), name='ledgerentry_has_its_cause'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at', None)), fields=('document_no', 'program', 'term', 'payer'), name='quota_once_per_document'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at', None), ('withdrawn_by', None)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False), models.Q(('withdrawn_why', ''), _negated=True)), _connector='OR'), name='quota_withdrawn_with_a_reason'),
        ),
        migrations.RunPython(protect, unprotect),
    ]
