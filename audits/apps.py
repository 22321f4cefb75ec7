from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class AuditsConfig(AppConfig):
    name = "audits"
    verbose_name = _("审计监督")

    def ready(self) -> None:
        autodiscover_modules("checks")
        import_module("audits.rules")
        autodiscover_modules("findings")
