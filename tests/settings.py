"""The product's settings with what differs under test. The place of database and keys comes from tests.plugin."""

from aidcenter.settings import *  # noqa: F403
from aidcenter.settings import STORAGES, TEMPLATES
from tests.harness.templates import Undefined

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; no test asks for strength
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
TEMPLATES = [{**TEMPLATES[0], "OPTIONS": {**TEMPLATES[0]["OPTIONS"], "string_if_invalid": Undefined()}}]
