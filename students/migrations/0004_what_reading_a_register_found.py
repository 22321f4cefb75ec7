import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('students', '0003_registers_desk_and_absences'),
    ]

    operations = [
        migrations.CreateModel(
            name='RegisterLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(verbose_name='行')),
                ('code', models.CharField(choices=[('no-name', '没有姓名'), ('total', '合计行'), ('foot', '签字或说明行'), ('head', '重复的表头'), ('blank', '空行'), ('duplicate', '证件号与前面一行相同'), ('lost', '证件号丢失末几位'), ('wrong', '证件号不合规则'), ('no-id', '没有证件号'), ('filled', '户信息只写在首行，已按同户补齐'), ('by-head', '没有户编号，按户主姓名和村归户')], max_length=10, verbose_name='情况')),
                ('other_row', models.PositiveIntegerField(null=True, verbose_name='另一行')),
            ],
            options={
                'verbose_name': '名单行说明',
                'verbose_name_plural': '名单行说明',
                'ordering': ('snapshot', 'row', 'code'),
            },
        ),
        migrations.AddField(
            model_name='registersnapshot',
            name='notes',
            field=models.JSONField(default=dict, help_text='没有认出的表头（headings）和困难类型写法（labels → 行数）', verbose_name='读取说明'),
        ),
        migrations.AddField(
            model_name='registersnapshot',
            name='readings',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='重读次数'),
        ),
        migrations.AddIndex(
            model_name='registerperson',
            index=models.Index(fields=['snapshot', 'key'], name='registerperson_by_key'),
        ),
        migrations.AddField(
            model_name='registerline',
            name='snapshot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='students.registersnapshot', verbose_name='名单'),
        ),
        migrations.AddIndex(
            model_name='registerline',
            index=models.Index(fields=['snapshot', 'code', 'row'], name='registerline_by_code'),
        ),
        migrations.AddConstraint(
            model_name='registerline',
            constraint=models.UniqueConstraint(fields=('snapshot', 'row', 'code'), name='registerline_once_per_code'),
        ),
    ]
