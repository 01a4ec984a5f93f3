"""The ASGI application, which can follow a push as it happens; ./manage.py rolf serves it."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
