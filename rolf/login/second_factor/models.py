"""Authenticator apps and recovery codes. Passkeys are `django_otp_webauthn.WebAuthnCredential`."""

import hmac
import logging
import secrets
from base64 import b32decode, b32encode
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django_otp.models import Device
from django_otp.oath import hotp

from accounts.first_superuser import new_password
from database import clock
from encryption.fernet import DecryptionError, decrypt, encrypt

logger = logging.getLogger("rolf.login")

STEP = 30  # seconds that a code is valid (RFC 6238); apps assume it
DIGITS = 6
TOLERANCE = 1  # steps before and after: the phone's clock differs, and typing takes time
CODES = 10  # recovery codes that an account gets


def new_key():
    """Return a random key of 160 bits (RFC 4226, section 4), in Base32 as apps take it."""
    return b32encode(secrets.token_bytes(20)).decode()


def key_address(key, user):
    """Return the address that an app reads from the QR code (Google's Key Uri Format)."""
    label = quote(f"{settings.PROJECT_NAME}:{user.get_username()}")
    parameters = {"secret": key, "issuer": settings.PROJECT_NAME, "digits": DIGITS, "period": STEP}
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"


def matching_step(key, code):
    """Return the time step whose code this is, or None. Steps are counted from 1970."""
    now = int(clock.now().timestamp()) // STEP
    right = None
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        expected = f"{hotp(b32decode(key), step, DIGITS):0{DIGITS}}"
        if hmac.compare_digest(expected.encode(), code.encode()):
            right = step
    return right


class Authenticator(Device):
    """An app that shows codes (TOTP, RFC 6238). An account has at most one.

    Unlike django-otp's own device, it keeps the key encrypted: a stolen database has no codes.
    """

    key = models.TextField(editable=False)  # encrypted
    last_step = models.BigIntegerField(default=-1, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_authenticator_a_user")]

    def verify_token(self, token):
        """Return whether the code is right, and not older than one that was accepted before."""
        try:
            step = matching_step(decrypt(self.key), token)
        except DecryptionError:
            logger.error("no key decrypts the app of %s: reset it", self.user)
            return False
        if step is None:
            return False
        # One statement, so that of two requests with the same code only one is accepted.
        later = Authenticator.objects.filter(pk=self.pk, last_step__lt=step)
        return later.update(last_step=step) == 1

    @classmethod
    def add(cls, user, key, step):
        """Add the app, or put it in the place of the old one; `step` is that of its first code."""
        return cls.objects.update_or_create(
            user=user, defaults={"name": "app", "key": encrypt(key), "last_step": step}
        )[0]


class RecoveryCodeQuerySet(models.QuerySet):
    """Queries for recovery codes."""

    def unused(self):
        """Filter for codes that nobody has used."""
        return self.filter(used=None)

    def replace(self, user):
        """Return new codes of the user, which nobody can read later. The old ones end."""
        self.filter(user=user).delete()
        texts = [new_password() for _ in range(CODES)]
        self.bulk_create(
            RecoveryCode(user=user, begins=begins, hashed=make_password(rest))
            for begins, rest in map(_split, texts)
        )
        return texts

    def use(self, user, text):
        """Return whether the text is an unused code of the user, which is used then."""
        begins, rest = _split(text.strip().lower())
        for code in self.unused().filter(user=user, begins=begins):
            if check_password(rest, code.hashed):
                return self.unused().filter(pk=code.pk).update(used=clock.now()) == 1
        return False


class RecoveryCode(models.Model):
    """A code that replaces the second factor once, such as "k3mfd-9xwqp-t7hbn".

    Its first group finds the row; the rest, 49 random bits, is hashed like a password.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    begins = models.CharField(max_length=5)
    hashed = models.CharField(max_length=128)
    used = models.DateTimeField(null=True)

    objects = RecoveryCodeQuerySet.as_manager()

    def __str__(self):
        return f"{self.begins}-…"


def _split(text):
    begins, _, rest = text.partition("-")
    return begins, rest
