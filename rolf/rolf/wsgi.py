"""The WSGI callable, `application`.

https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/
"""

import os

from django.core.wsgi import get_wsgi_application

from rolf.environment import read_dotenv

# .env may name other settings.
read_dotenv()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolf.settings.production")

application = get_wsgi_application()
