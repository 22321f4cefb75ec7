"""Who confirms what the officer of a school has gone through."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_first_passwords'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('schools', '0003_own_stages_and_place'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='is_principal',
            field=models.BooleanField(default=False, help_text='确认本校经办人核对过的名单', verbose_name='学校负责人'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('is_principal', False), ('school__isnull', False), _connector='OR'), name='user_principal_is_of_a_school', violation_error_message='只有学校账号可以是学校负责人。'),
        ),
    ]
