"""Signing in, and another password: whether one is right only the back ends say."""

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError

from accounts.trying import TooSoonError, one_try


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


class PasswordChange(PasswordChangeForm):
    """My own password, by who knows the old one."""

    def __init__(self, request, *args, **kwargs):
        """Keep the request: back ends may look at it."""
        super().__init__(*args, **kwargs)
        self.request = request
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self):
        """Let the back ends say whether it is the right one."""
        given = self.cleaned_data["old_password"]
        name = self.user.get_username()
        with one_try(self.request, name):
            if authenticate(self.request, username=name, password=given) != self.user:
                raise ValidationError("That isn't your password.", code="password_incorrect")
        return given
