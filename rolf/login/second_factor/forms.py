"""Forms of the second factor. All attempts are throttled for the account, from any address."""

from django import forms
from django.core.exceptions import ValidationError

import audit
from accounts.login_throttle import TooManyAttempts, throttled_attempt

from .factors import record_factor, summary
from .models import Authenticator, RecoveryCode, matching_step

CODE = forms.TextInput(
    attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
)


class ThrottledForm(forms.Form):
    """A form of one secret; ``wait`` is the seconds left if the attempt came too soon."""

    wait = None

    def __init__(self, *args, request, **kwargs):
        """``request`` is that of the user who shows the secret."""
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self):
        """Check the secret, unless the attempt came too soon."""
        cleaned = super().clean()
        [field] = self.fields
        if not cleaned.get(field):
            return cleaned
        user = self.request.user
        try:
            # Without the address: who knows the password could try codes from many addresses.
            with throttled_attempt(None, f"second factor of {user.pk}"):
                self.check(user, cleaned[field].strip())
        except TooManyAttempts as error:
            self.wait = error.seconds
            raise
        except ValidationError as error:
            audit.record("second_factor.failure", request=self.request, outcome="failed")
            self.add_error(field, error)
        return cleaned

    def check(self, user, given):
        """Raise ValidationError if what was given is wrong."""
        raise NotImplementedError


class CodeForm(ThrottledForm):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=40,
        label="Code",
        help_text="Six digits from your authenticator app, or one of your recovery codes.",
        widget=CODE,
    )

    def check(self, user, given):
        """Accept the code once."""
        digits = given.replace(" ", "")
        app = Authenticator.objects.filter(user=user).first()
        if digits.isdecimal():
            if app and app.verify_token(digits):
                return
        else:
            before = summary(user)
            if RecoveryCode.objects.use(user, given):
                record_factor(user, user, "recovery_code_used", before, request=self.request)
                return
        raise ValidationError("Wrong code, or a code that was used before.", code="wrong")


class PasswordForm(ThrottledForm):
    """The password of an account that has no second factor yet."""

    password = forms.CharField(
        strip=False,
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def check(self, user, given):
        """Compare the password with that of the account."""
        if not user.check_password(self.cleaned_data["password"]):
            raise ValidationError("Wrong password.", code="wrong")


class NewAppForm(ThrottledForm):
    """The first code of an app: it shows that the app has the key."""

    code = forms.CharField(
        max_length=20, label="Code", help_text="The six digits that the app shows.", widget=CODE
    )

    def __init__(self, *args, key, **kwargs):
        """``key`` is what the QR code holds."""
        super().__init__(*args, **kwargs)
        self.key = key
        self.step = None

    def check(self, user, given):
        """Compare the code with the key."""
        self.step = matching_step(self.key, given.replace(" ", ""))
        if self.step is None:
            raise ValidationError(
                "Wrong code. If it stays wrong, correct the clock of the phone.",
                code="wrong",
            )


class PasskeyForm(forms.Form):
    """What the browser says about a passkey, as JSON; `passkey.js` fills it in."""

    credential = forms.JSONField(required=False, widget=forms.HiddenInput)


class NewPasskeyForm(PasskeyForm):
    """A new passkey with its name."""

    name = forms.CharField(
        max_length=64, help_text="Such as “laptop” or “blue key”, for you to recognize it."
    )
