from pathlib import Path

from tests.support.setting_names import names_that_nothing_reads


def test_settings_modules_hold_settings_only(rolf_project: Path) -> None:
    found = names_that_nothing_reads(rolf_project, "rolf", "django_tasks", "django_htmx")
    assert {module: names for module, names in found.items() if names} == {}
