"""The systems that these tests run in: each starts in a second once debootstrap has made it."""

from collections.abc import Iterator

import pytest

from tests.support import beds


@pytest.fixture(scope="module", params=beds.SUITES)
def bed(request: pytest.FixtureRequest) -> Iterator[beds.Bed]:
    """A running system, which is gone after the tests of a file."""
    with beds.bed(request.param) as running:
        yield running
    assert beds.mounts() == []
