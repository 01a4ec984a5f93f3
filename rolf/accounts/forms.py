"""Forms of logging in."""

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm

from .login_throttle import TooSoonError, one_try


class Slowed:
    """Makes Django's form wait for longer and longer after wrong passwords."""

    wait = None  # seconds, if it came too soon

    def clean(self):
        """Try it, if it is time."""
        name, password = (self.cleaned_data.get(field) for field in ("username", "password"))
        if not (name and password):
            return self.cleaned_data
        try:
            with one_try(self.request, name):
                return super().clean()
        except TooSoonError as soon:
            self.wait = soon.seconds
            raise


class SignIn(Slowed, AuthenticationForm):
    """Rolf's own."""

    error_messages = {
        "invalid_login": "No account has that name and that password. Capital letters matter.",
        "inactive": "This account was deactivated.",
    }

    def __init__(self, *args, **kwargs):
        """People call it a name."""
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Name"


class AdminSignIn(Slowed, AdminAuthenticationForm):
    """That of Django's admin, which would be a way around it."""


