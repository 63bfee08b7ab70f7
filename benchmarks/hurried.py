"""The portal's server and its `manage.py work`, with workers that hardly pause: a kill at any moment often meets them at work."""

from importlib import import_module

import django
from django.core.management import call_command

PAUSE = 0.02  # seconds

django.setup()
# The worker needs the models, which can be imported from here on.
import_module("portal.worker").PAUSE = PAUSE

if __name__ == "__main__":
    call_command("work")
else:
    application = import_module("portal.wsgi").application
