"""The worker. With REDIS_URL several may run; without it one child of `manage.py serve` does everything.

celery -A aidcenter worker
"""

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aidcenter.settings")
app = Celery("aidcenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add("jobs.feeder:Feeder")

# Celery warns whoever runs it as root of pickled messages; ours are JSON, and carry one number.
warnings.filterwarnings("ignore", module="celery.platforms")
