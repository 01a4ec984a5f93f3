"""Login forms that slow down password guessing."""

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm

import audit
from audit.logins import account

from .login_throttle import TooManyAttempts, throttled_attempt


class ThrottledLoginMixin:
    """Make a login form refuse attempts that come too soon; ``wait`` is then the seconds left."""

    wait = None

    def clean(self):
        """Check the password, unless the attempt came too soon."""
        name, password = (self.cleaned_data.get(field) for field in ("username", "password"))
        if not (name and password):
            return self.cleaned_data
        try:
            with throttled_attempt(self.request, name):
                return super().clean()
        except TooManyAttempts as error:
            self.wait = error.seconds
            _record_throttling(self.request, name)
            raise


class LoginForm(ThrottledLoginMixin, AuthenticationForm):
    """The form of Rolf's login page."""

    error_messages = {
        "invalid_login": "Wrong name or password. Passwords are case-sensitive.",
        "inactive": "This account is deactivated.",
    }

    def __init__(self, *args, **kwargs):
        """Label the user name as elsewhere in Rolf."""
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Name"


class AdminLoginForm(ThrottledLoginMixin, AdminAuthenticationForm):
    """The form of Django's admin, which must not be a way around the delays."""


def _record_throttling(request, name):
    """Record attempts that came too soon, once a minute for an account and an address."""
    user = account(name)
    audit.record_once(
        "login.failure",
        key=("throttled", user and user.pk, request.META.get("REMOTE_ADDR")),
        interval=60,
        request=request,
        user=user,
        outcome="throttled",
        known_name=user is not None,
    )
