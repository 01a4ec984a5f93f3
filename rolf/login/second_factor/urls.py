"""URLs of the second factor."""

from django.urls import path

from .views import enrol, reset, verify

app_name = "second_factor"

urlpatterns = [
    path("sign-in/second-factor/", verify.verify, name="verify"),
    path("sign-in/second-factor/passkey/", verify.verify_passkey, name="verify-passkey"),
    path("account/second-factor/", enrol.factors, name="factors"),
    path("account/second-factor/app/new/", enrol.app_new, name="app-new"),
    path("account/second-factor/app/remove/", enrol.app_remove, name="app-remove"),
    path("account/second-factor/passkeys/new/", enrol.passkey_new, name="passkey-new"),
    path(
        "account/second-factor/passkeys/<int:passkey_id>/remove/",
        enrol.passkey_remove,
        name="passkey-remove",
    ),
    path("account/second-factor/recovery-codes/", enrol.recovery_codes, name="recovery-codes"),
    path("people/<int:user_id>/second-factor/reset/", reset.reset, name="reset"),
]
