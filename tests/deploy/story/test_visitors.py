"""Visitors of the site notice nothing of a push."""

from collections.abc import Callable

import pytest

from tests.deploy.story.conftest import DOMAIN
from tests.support import apache
from tests.support.ssh_server import SSHD
from tests.support.visitors import RATE, visitors
from tests.support.working_copy import WorkingCopy

pytestmark = pytest.mark.needs(apache.APACHE, SSHD, "git", "rsync", "unshare")

PUSHES = 6


def test_no_request_fails_while_it_is_pushed_to(
    serving: apache.Apache, project: WorkingCopy, record_property: Callable[[str, object], None]
) -> None:
    with visitors(serving, DOMAIN) as visits:
        for number in range(PUSHES):
            project.show(f"Look {number}")
            project.does("deploy", "--flag", "SKIP_TESTS")
            assert f"Look {number}" in serving.get("/", host=DOMAIN).text
    record_property("requests", len(visits.all))
    record_property("longest", visits.longest)
    print(visits)
    assert set(visits.statuses) == {200}, visits
    assert len(visits.all) > PUSHES * RATE
