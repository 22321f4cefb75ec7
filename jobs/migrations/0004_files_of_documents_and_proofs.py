"""Kinds of files: documents, photos of boards, minutes, attachments, nominations."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0003_receipts_from_other_schools'),
    ]

    operations = [
        migrations.AlterField(
            model_name='storedfile',
            name='kind',
            field=models.CharField(choices=[('roster', '学生花名册'), ('register', '困难群体名单'), ('recognition', '认定名单'), ('bank', '银行代发文件'), ('return', '银行回盘文件'), ('marked', '标出问题的原表'), ('receipt', '外地就读回执'), ('export', '导出文件'), ('document', '政策或指标文件'), ('photo', '公示照片'), ('minutes', '会议记录'), ('attachment', '申请附件'), ('nomination', '提名名单')], max_length=20, verbose_name='类别'),
        ),
    ]
