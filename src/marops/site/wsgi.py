"""The web application for Granian and every other WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marops.site.settings")

_pages = get_wsgi_application()

from marops.domains.capture.public import Door  # noqa: E402  # needs Django to be set up

# Events from websites are answered in front of Django; everything else is Django's.
application = Door(_pages)
