"""The WSGI application; apache/django.wsgi chooses the settings before it is imported."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
