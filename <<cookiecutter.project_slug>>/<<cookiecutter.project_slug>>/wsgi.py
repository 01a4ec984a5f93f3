"""The WSGI callable, `application`.

https://docs.djangoproject.com/en/5.2/howto/deployment/wsgi/
"""

import os

from django.core.wsgi import get_wsgi_application

from << cookiecutter.project_slug >>.environment import read_dotenv

# .env may name other settings.
read_dotenv()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "<< cookiecutter.project_slug >>.settings.production")

application = get_wsgi_application()
