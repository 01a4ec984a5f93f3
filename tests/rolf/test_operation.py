"""docs/rolf-operation.md names every event and metric, and every setting of this page is one."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/rolf-operation.md").read_text()
SOURCES = [
    path
    for path in (ROOT / "rolf").rglob("*.py")
    if "/ve/" not in str(path) and "/tests" not in str(path) and "/test_" not in str(path)
]
CALL = re.compile(r'(?:\brecord|record_once|_record)\(\s*"([a-z_.]+)"')


def recorded() -> set[str]:
    """Return the actions that the code records under a literal name."""
    found = set()
    for path in SOURCES:
        for name in CALL.findall(path.read_text()):
            found.add(name if "." in name or name == "logout" else f"push.{name}")
    return found


def test_each_audit_event_is_documented() -> None:
    actions = recorded()
    assert {"login.success", "token.refused", "push.override", "log.read"} <= actions
    assert [name for name in sorted(actions) if f"`{name}`" not in PAGE] == []


def test_each_metric_is_documented() -> None:
    names = re.findall(r'"(rolf_[a-z_]+)"', (ROOT / "rolf/main/metrics.py").read_text())
    assert len(names) > 5
    assert [name for name in names if f"`{name}" not in PAGE] == []


def test_each_setting_on_the_page_is_read_and_in_the_example() -> None:
    settings = set(re.findall(r"^    ([A-Z]{3,}_[A-Z_]+)=", PAGE, re.M)) | {"LOG_FORMAT"}
    base = (ROOT / "rolf/rolf/settings/base.py").read_text()
    example = (ROOT / "rolf/.env.example").read_text()
    assert settings >= {"AUDIT_SINKS", "METRICS_TOKEN", "METRICS_ADDRESSES"}
    assert [name for name in settings if f'"{name}"' not in base] == []
    assert [name for name in settings if f"#{name}=" not in example] == []
