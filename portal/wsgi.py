"""The WSGI entry point that the server loads; with it starts the thread that seals the log."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()

if settings.WORKER_IN_SERVER:
    # The worker needs the models, which can be imported from here on.
    import_module("portal.worker").start_in_background()
