"""The ASGI callable, `application`.

https://docs.djangoproject.com/en/5.2/howto/deployment/asgi/
"""

import os

from django.core.asgi import get_asgi_application

from rolf.environment import read_dotenv

# .env may name other settings.
read_dotenv()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.production")

application = get_asgi_application()
