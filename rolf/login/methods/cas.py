"""CAS: login/cas_protocol/ has the parts. The server cannot be asked without the person."""

from django.conf import settings

from login.cas_protocol.backend import Backend
from login.cas_protocol.pages import urlpatterns

from . import Method

__all__ = ["METHOD", "Backend", "urlpatterns"]

METHOD = Method(name="cas", title=settings.CAS_TITLE, url="accounts:cas")
