from django.apps import AppConfig


class AidcenterConfig(AppConfig):
    name = "aidcenter"
