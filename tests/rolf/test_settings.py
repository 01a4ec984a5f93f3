from pathlib import Path

from tests.support.setting_names import names_that_nothing_reads


def test_settings_modules_hold_settings_only(rolf_project: Path) -> None:
    libraries = ("django_tasks", "django_htmx", "django_otp_webauthn")
    found = names_that_nothing_reads(rolf_project, "rolf", *libraries)
    assert {module: names for module, names in found.items() if names} == {}
