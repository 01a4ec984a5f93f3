"""OpenID Connect: login/openid/ has the parts."""

from django.conf import settings

from login.openid.backend import Backend
from login.openid.confirmation import ask
from login.openid.pages import urlpatterns

from . import Method

__all__ = ["METHOD", "Backend", "urlpatterns"]

METHOD = Method(name="oidc", title=settings.OIDC_TITLE, url="accounts:oidc", ask=ask)
