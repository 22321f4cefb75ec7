from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("账号与日志")


class BackOfficeConfig(admin_apps.AdminConfig):
    """The stock admin, on a site of ours."""

    default = False
    default_site = "accounts.back_office.BackOffice"
