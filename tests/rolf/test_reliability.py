"""The short forms of `make reliability`: Rolf on two machines while things go wrong."""

from pathlib import Path

import pytest

from reliability.scenarios import SCENARIOS
from tests.support.namespaces import can_create
from tests.support.postgresql import INITDB
from tests.support.redis import REDIS

pytestmark = [
    pytest.mark.needs(INITDB, REDIS, "gcc", "ip", "nsenter", "unshare"),
    pytest.mark.skipif(not can_create(), reason="needs root, to create namespaces"),
]
TRIED = (
    "load-redis",
    "flush",
    "kill-worker",
    "kill-all",
    "outage",
    "cut-short",
    "skew-workers",
    "skew-autumn",
    "upgrade",
)


@pytest.mark.parametrize("name", TRIED)
def test_nothing_is_lost(name: str, rolf_project: Path, tmp_path: Path) -> None:
    [scenario] = [scenario for scenario in SCENARIOS if scenario.name == name]
    result = scenario.run(rolf_project, tmp_path / "installation", False)
    print(result.measured)
    assert result.faults == []
