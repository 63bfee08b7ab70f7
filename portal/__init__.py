"""The Django project: settings, URLs, WSGI and the home page; wiring only, no rules."""
